import { prepared } from '@berth/database';
import type { CreateServerBody, Limits } from '@berth/contracts';
import { BerthError } from '@berth/domain';
import type { EntityManager } from 'typeorm';
import { isUuid, mayBeName } from '../http/reference';
import { invalidField } from '../http/validation.pipe';

interface Named {
  id: string;
  name: string;
}

/** What an order refers to, and how many addresses it gets. */
export interface OrderChoice {
  plan: Named & { limits: Limits };
  template: Named & { architecture: string };
  location: Named;
  ipv4: number;
  ipv6: number;
  /** Families that the location has no address left of, as it looked without locks. */
  exhausted: (4 | 6)[];
}

interface Row {
  plan: OrderChoice['plan'] | null;
  template: OrderChoice['template'] | null;
  /** Two at most where none was named: the default, or the only one. */
  locations: Named[];
  /** Families with a pool in the location, true where a pool has addresses left. */
  families: Record<'4' | '6', boolean | undefined> | null;
}

/** Where an order that names no location goes. */
const DEFAULT_LOCATION = 'lab';

/** What looks like an id is only looked up as one. Names are unique among what isn't deleted. */
const CHOICE_SQL = prepared(
  'order_choice',
  `
  WITH place AS (
    SELECT id, name FROM locations
     WHERE CASE WHEN $5::uuid IS NOT NULL THEN id = $5 WHEN $6::text IS NOT NULL THEN name = $6 ELSE true END
     ORDER BY name = '${DEFAULT_LOCATION}' DESC, name LIMIT 2
  )
  SELECT (SELECT jsonb_build_object('id', id, 'name', name, 'limits', limits) FROM plans
           WHERE (id = $1 OR name = $2) AND deleted_at IS NULL) AS plan,
         (SELECT jsonb_build_object('id', id, 'name', name, 'architecture', architecture) FROM templates
           WHERE (id = $3 OR name = $4) AND deleted_at IS NULL) AS template,
         (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'name', name)), '[]') FROM place) AS locations,
         (SELECT jsonb_object_agg(family, has_left) FROM (
           SELECT p.family,
                  -- The last unit of an IPv4 network is its broadcast address.
                  bool_or(p.next_unit < p.units - (CASE WHEN p.family = 4 AND p.units > 2 THEN 1 ELSE 0 END)
                          OR EXISTS (SELECT FROM addresses a WHERE a.pool_id = p.id AND a.server_id IS NULL)) AS has_left
             FROM ip_pools p WHERE p.location_id = (SELECT id FROM place LIMIT 1) GROUP BY p.family) AS pools) AS families`,
);

/** The two parameters of a reference: its id or its name. */
const idOrName = (reference: string | undefined): [string | null, string | null] =>
  reference === undefined
    ? [null, null]
    : isUuid(reference)
      ? [reference.toLowerCase(), null]
      : [null, mayBeName(reference) ? reference : ''];

function known<T>(found: T | null | undefined, field: string, reference: string): T {
  if (found) return found;
  throw invalidField(field, `there is no ${field} ${JSON.stringify(reference.slice(0, 100))}`);
}

function locationOf(found: Named[], named: string | undefined): Named {
  if (named !== undefined) return known(found[0], 'location', named);
  if (found[0] && (found.length === 1 || found[0].name === DEFAULT_LOCATION)) return found[0];
  throw invalidField('location', `is needed: there is no location ${DEFAULT_LOCATION}`);
}

/**
 * Reads what an order names, without locks. Throws `invalid_input` for what isn't there. An order that says nothing of
 * IPv6 gets none where its location has no IPv6 network.
 */
export async function chooseFor(em: EntityManager, body: CreateServerBody): Promise<OrderChoice> {
  const [row]: Row[] = await em.query(CHOICE_SQL, [
    ...idOrName(body.plan),
    ...idOrName(body.template),
    ...idOrName(body.location),
  ]);
  const families = row!.families ?? { 4: undefined, 6: undefined };
  return {
    plan: known(row!.plan, 'plan', body.plan),
    template: known(row!.template, 'template', body.template),
    location: locationOf(row!.locations, body.location),
    ipv4: body.ipv4,
    ipv6: body.ipv6 ?? (families[6] === undefined ? 0 : 1),
    exhausted: ([4, 6] as const).filter((family) => !families[family]),
  };
}

/**
 * Throws `no_capacity` where the location clearly has no address of a family that is asked for: a rush on an empty pool
 * is refused cheaply. Whether the last one is really left only `allocateAddresses` can tell.
 */
export function assertAddressesLeft(choice: OrderChoice): void {
  const missing = choice.exhausted.find((family) => choice[`ipv${family}`] > 0);
  if (missing === undefined) return;
  throw new BerthError('no_capacity', `no free IPv${missing} address is left in this location`, {
    resource: `ipv${missing}`,
  });
}

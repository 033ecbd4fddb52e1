import type { CreateServerBody } from '@berth/contracts';
import { IpPoolEntity, LocationEntity, PlanEntity, TemplateEntity } from '@berth/database';
import { type EntityManager, IsNull } from 'typeorm';
import { namedReference } from '../http/body-reference';
import { invalidField } from '../http/validation.pipe';

/** What an order refers to, and how many addresses it gets. */
export interface OrderChoice {
  plan: PlanEntity;
  template: TemplateEntity;
  location: LocationEntity;
  ipv4: number;
  ipv6: number;
}

/** Where an order that names no location goes. */
const DEFAULT_LOCATION = 'lab';

async function locationOf(em: EntityManager, named: string | undefined): Promise<LocationEntity> {
  if (named !== undefined) return namedReference(em, LocationEntity, 'location', named, {});
  const seeded = await em.findOneBy(LocationEntity, { name: DEFAULT_LOCATION });
  if (seeded) return seeded;
  const all = await em.find(LocationEntity, { take: 2 });
  if (all.length === 1) return all[0]!;
  throw invalidField('location', `is needed: there is no location ${DEFAULT_LOCATION}`);
}

/**
 * Reads what an order names. Throws `invalid_input` for what isn't there. An order that says nothing of IPv6 gets none
 * where its location has no IPv6 network.
 */
export async function chooseFor(em: EntityManager, body: CreateServerBody): Promise<OrderChoice> {
  const [plan, template, location] = await Promise.all([
    namedReference(em, PlanEntity, 'plan', body.plan, { deletedAt: IsNull() }),
    namedReference(em, TemplateEntity, 'template', body.template, { deletedAt: IsNull() }),
    locationOf(em, body.location),
  ]);
  const hasIpv6 = () => em.existsBy(IpPoolEntity, { locationId: location.id, family: 6 });
  const ipv6 = body.ipv6 ?? ((await hasIpv6()) ? 1 : 0);
  return { plan, template, location, ipv4: body.ipv4, ipv6 };
}

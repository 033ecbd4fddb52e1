import { meterUnits } from '@berth/contracts';

const units = Object.entries(meterUnits)
  .map(([meter, unit]) => `('${meter}', '${unit}')`)
  .join(', ');

/** Milliseconds of a history's row that are in the window. */
const MS = `(extract(epoch FROM least(h.until, w.b) - greatest(h.at, w.a)) * 1000)::bigint`;
const ofWindow = (table: string) => `FROM ${table} h, w
     WHERE h.at < w.b AND h.until > w.a AND ($3::uuid[] IS NULL OR h.server_id = ANY ($3))`;

/**
 * CTEs that end with `quantities`: what each server used in the hour that begins at `$1`. `$2`: how many milliseconds of samples
 * may be missing before they count as missing; `$3`: servers, null for all.
 *
 * Samples are wanted of all the time that a container is there, in whatever state. A window without one is told as
 * incomplete, even where there is nothing else to tell.
 */
export const QUANTITIES = `
  w AS MATERIALIZED (SELECT $1::timestamptz AS a, $1::timestamptz + interval '1 hour' AS b),
  held AS MATERIALIZED (
    SELECT h.tenant_id, h.server_id, h.plan_id, h.status, h.ram_bytes, h.disk_bytes, ${MS} AS ms ${ofWindow('server_history')}),
  times AS (
    SELECT tenant_id, server_id, status || '_time' AS meter, plan_id, sum(ms) AS quantity, false AS incomplete
      FROM held GROUP BY tenant_id, server_id, status, plan_id),
  allocated AS (
    SELECT tenant_id, server_id, sum(ms::numeric * ram_bytes) AS ram, sum(ms::numeric * disk_bytes) AS disk
      FROM held WHERE status <> 'creating' GROUP BY tenant_id, server_id),
  addresses_held AS (
    SELECT h.tenant_id, h.server_id, h.family, sum(${MS}) AS ms ${ofWindow('address_history')} GROUP BY 1, 2, 3),
  snapshots_held AS (
    SELECT h.tenant_id, h.server_id, sum(${MS}::numeric * h.size_bytes) AS bytes ${ofWindow('snapshot_history')} GROUP BY 1, 2),
  sampled AS (
    SELECT s.tenant_id, s.id AS server_id, u.span_ms, u.cpu_us, u.net_in_bytes, u.net_out_bytes
      FROM usage_hours u JOIN servers s ON s.number = u.server_number
     WHERE u.hour = $1 AND ($3::uuid[] IS NULL OR s.id = ANY ($3))),
  wanted AS (
    SELECT tenant_id, server_id, sum(ms) AS ms FROM held WHERE status NOT IN ('creating','error') GROUP BY tenant_id, server_id),
  measured AS (
    SELECT tenant_id, server_id, coalesce(cpu_us, 0) AS cpu, coalesce(net_in_bytes, 0) AS net_in, coalesce(net_out_bytes, 0) AS net_out,
           coalesce(wanted.ms, 0) - coalesce(span_ms, 0) > $2::bigint AS incomplete
      FROM sampled FULL JOIN wanted USING (tenant_id, server_id)),
  quantities AS (
    SELECT q.tenant_id, q.server_id, q.meter, q.plan_id, q.quantity, units.unit, q.incomplete
      FROM (SELECT tenant_id, server_id, meter, plan_id, quantity, incomplete FROM times
            UNION ALL SELECT tenant_id, server_id, 'allocated_ram', NULL, ram, false FROM allocated
            UNION ALL SELECT tenant_id, server_id, 'allocated_disk', NULL, disk, false FROM allocated
            UNION ALL SELECT tenant_id, server_id, 'ipv' || family || '_addresses', NULL, ms, false FROM addresses_held
            UNION ALL SELECT tenant_id, server_id, 'snapshot_storage', NULL, bytes, false FROM snapshots_held
            UNION ALL SELECT tenant_id, server_id, 'cpu', NULL, cpu, incomplete FROM measured
            UNION ALL SELECT tenant_id, server_id, 'traffic_in', NULL, net_in, incomplete FROM measured
            UNION ALL SELECT tenant_id, server_id, 'traffic_out', NULL, net_out, incomplete FROM measured) q
      JOIN (VALUES ${units}) units (meter, unit) ON units.meter = q.meter
     WHERE q.quantity <> 0 OR q.incomplete)`;

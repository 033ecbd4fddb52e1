import type { DataSource } from 'typeorm';
import type { World } from './world';

export interface Fleet {
  servers: number;
  hosts: number;
  tenants: number;
}

/**
 * Rows of a large provider, many at once: without the triggers, which would count one row ten thousand times over, and with
 * their sums written afterwards. Names tell what is what: `bulk-00042` on `bulk-host-42` of `Bulk Tenant 42`.
 */
export async function fillFleet(
  dataSource: DataSource,
  world: World,
  { servers, hosts, tenants }: Fleet,
): Promise<void> {
  await dataSource.transaction(async (em) => {
    await em.query('SET LOCAL session_replication_role = replica');
    await em.query(
      `INSERT INTO tenants (id, name, external_id, quota_servers, quota_cpus, quota_ram_bytes, quota_disk_bytes, quota_ipv4)
       SELECT uuid_v7(), 'Bulk Tenant ' || n, 'crm-' || n, 1000000, 1000000, 1e15, 1e15, 1000000 FROM generate_series(1, $1::int) n`,
      [tenants],
    );
    await em.query(
      `INSERT INTO hosts (id, name, driver, location_id, address, port, "user", state, reachable, architecture, capabilities, facts,
                          capacity_cpus, capacity_ram_bytes, capacity_disk_bytes, last_seen_at)
       SELECT uuid_v7(), 'bulk-host-' || n, 'simulated', h.location_id, '192.0.2.1', 22, 'root', 'active', true, h.architecture,
              h.capabilities, h.facts, 64, 256 * 1073741824::bigint, 4096 * 1073741824::bigint, now()
         FROM generate_series(1, $1::int) n, hosts h WHERE h.id = $2`,
      [hosts, world.host.id],
    );
    await em.query(
      `WITH t AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM tenants WHERE name LIKE 'Bulk Tenant %'),
            h AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM hosts WHERE name LIKE 'bulk-host-%')
       INSERT INTO servers (id, tenant_id, location_id, host_id, plan_id, template_id, name, hostname, status, desired_state, limits,
                            cpus, ram_bytes, disk_bytes, id_slot, labels, external_id, created_at)
       SELECT uuid_v7(), t.id, $1, h.id, $2, $3, 'bulk-' || lpad(i.n::text, 5, '0'), 'node' || i.n || '.example.org',
              (ARRAY['running','running','running','stopped','frozen'])[1 + i.n % 5], 'running', $4, 0.5, 268435456, 1073741824,
              100000 + i.n, jsonb_build_object('env', CASE i.n % 2 WHEN 0 THEN 'prod' ELSE 'test' END), 'order-' || i.n,
              now() - i.n * interval '1 minute'
         FROM generate_series(0, $5::int - 1) AS i(n)
         JOIN t ON t.n = i.n % $6::int JOIN h ON h.n = i.n % $7::int`,
      [
        world.location.id,
        world.plan.id,
        world.template.id,
        JSON.stringify(world.plan.limits),
        servers,
        tenants,
        hosts,
      ],
    );
    await em.query(
      `INSERT INTO addresses (pool_id, address, family, prefix, server_id, tenant_id, is_primary, assigned_at)
       SELECT $1, p.cidr::inet + 1 + (s.id_slot - 100000), 4, 32, s.id, s.tenant_id, true, now()
         FROM servers s, ip_pools p WHERE p.id = $1 AND s.name LIKE 'bulk-%'`,
      [world.pool.id],
    );
    await em.query('UPDATE ip_pools SET next_unit = $2 WHERE id = $1', [world.pool.id, servers + 1]);
    for (const [table, column] of [
      ['hosts', 'host_id'],
      ['tenants', 'tenant_id'],
    ] as const) {
      await em.query(
        `UPDATE ${table} o SET used_servers = s.servers, used_cpus = s.cpus, used_ram_bytes = s.ram, used_disk_bytes = s.disk
           FROM (SELECT ${column} AS id, count(*) AS servers, sum(cpus) AS cpus, sum(ram_bytes) AS ram, sum(disk_bytes) AS disk
                   FROM servers GROUP BY 1) s WHERE s.id = o.id`,
      );
    }
  });
  for (const table of ['servers', 'hosts', 'tenants', 'addresses'])
    await dataSource.query(`VACUUM ANALYZE ${table}`);
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

// Not CONCURRENTLY: that waits for every statement under way, such as another instance's that waits for the migrations' lock.
const search = `
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX servers_search ON servers USING gin (name gin_trgm_ops, hostname gin_trgm_ops, external_id gin_trgm_ops);
CREATE INDEX tenants_search ON tenants USING gin (name gin_trgm_ops, external_id gin_trgm_ops);
CREATE INDEX addresses_search ON addresses (host(address) text_pattern_ops) WHERE server_id IS NOT NULL;
-- None of them has an order to pay for: it ends as 'succeeded'.
CREATE INDEX operations_unsuccessful ON operations (created_at DESC, id) WHERE status IN ('failed','cancelled');
CREATE INDEX operations_finished ON operations (finished_at, status) WHERE finished_at IS NOT NULL;
`;

const live = `
-- Of the transaction that wrote it: who reads on from there misses nothing that commits late. Rows from before have 0.
ALTER TABLE audit_events ADD COLUMN xid xid8 NOT NULL DEFAULT '0';
ALTER TABLE audit_events ALTER COLUMN xid SET DEFAULT pg_current_xact_id();
CREATE INDEX audit_events_xid ON audit_events (xid);
`;

const hostUsage = `
-- How full a host was, five minutes a row: the sums of its samples, and the last of what was allocated.
CREATE TABLE host_usage (
  host_id uuid NOT NULL,
  at timestamptz NOT NULL,
  samples integer NOT NULL CHECK (samples > 0),
  servers integer NOT NULL,
  used_cpus double precision NOT NULL,
  used_ram_bytes double precision NOT NULL,
  used_disk_bytes double precision NOT NULL,
  allocated_cpus double precision NOT NULL,
  allocated_ram_bytes double precision NOT NULL,
  allocated_disk_bytes double precision NOT NULL,
  capacity_cpus double precision NOT NULL,
  capacity_ram_bytes double precision NOT NULL,
  capacity_disk_bytes double precision NOT NULL,
  PRIMARY KEY (host_id, at)
) WITH (fillfactor = 80);
CREATE INDEX host_usage_at ON host_usage USING brin (at) WITH (pages_per_range = 16, autosummarize = on);
`;

/** What lists are searched by, what the live stream reads on from, and hosts' fill over time. */
export class LiveAndSearch1763850000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const part of [search, live, hostUsage]) await runner.query(part);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE host_usage');
    await runner.query('ALTER TABLE audit_events DROP COLUMN xid');
    await runner.query(
      'DROP INDEX servers_search, tenants_search, addresses_search, operations_unsuccessful, operations_finished',
    );
    await runner.query('DROP EXTENSION pg_trgm');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

const exportsTables = `
-- How far each sink (a billing system) has been told of usage_records, and who does it. A claim's number is its fence.
CREATE TABLE usage_exports (
  sink text PRIMARY KEY,
  -- Records up to this one were taken by the sink, or set aside.
  seq bigint NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL DEFAULT now(),
  claim bigint NOT NULL DEFAULT 0,
  claimed_until timestamptz NOT NULL DEFAULT '-infinity',
  exported_at timestamptz,
  failures integer NOT NULL DEFAULT 0,
  last_error text
) WITH (fillfactor = 50);

-- Records that a sink refused: set aside, so that they don't hold up the others.
CREATE TABLE usage_export_rejects (
  sink text NOT NULL REFERENCES usage_exports(sink),
  record_id text NOT NULL,
  error text NOT NULL,
  rejected_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Set by an operator once the cause is gone: it is sent again, and the row goes if it is taken.
  retry boolean NOT NULL DEFAULT false,
  PRIMARY KEY (sink, record_id)
);
CREATE INDEX usage_export_rejects_retry ON usage_export_rejects (sink) WHERE retry;
`;

/** What the exporters of usage work with. See docs/architecture/usage-exports.md. */
export class UsageExports1763820000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(exportsTables);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE usage_export_rejects, usage_exports');
  }
}

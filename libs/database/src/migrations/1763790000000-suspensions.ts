import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What billing does to servers and tenants. See docs/architecture/billing.md. */
export class Suspensions1763790000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
ALTER TABLE tenants
  ADD COLUMN reason text,
  ADD COLUMN terminate_at timestamptz;
ALTER TABLE servers
  -- { cause: {reason, policy, since} }; the status follows by operations, which a worker makes again where one failed.
  ADD COLUMN suspension jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN terminate_at timestamptz,
  ADD COLUMN final_snapshot boolean NOT NULL DEFAULT false;
-- What the worker's loop looks for: servers whose status is not yet what their suspension says, and those to be deleted.
CREATE INDEX servers_suspension ON servers (id)
  WHERE deleted_at IS NULL AND (suspension <> '{}') IS DISTINCT FROM (status = 'suspended');
CREATE INDEX servers_termination ON servers (terminate_at) WHERE deleted_at IS NULL AND terminate_at IS NOT NULL;
`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
ALTER TABLE servers DROP COLUMN final_snapshot, DROP COLUMN terminate_at, DROP COLUMN suspension;
ALTER TABLE tenants DROP COLUMN terminate_at, DROP COLUMN reason;
`);
  }
}

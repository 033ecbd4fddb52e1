import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a server has beyond the ordinary: kernel features, and devices of its host. */
export class ServerFeatures1763680000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE servers
      ADD features text[] NOT NULL DEFAULT '{}',
      ADD devices jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(devices) = 'array')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE servers DROP devices, DROP features');
  }
}

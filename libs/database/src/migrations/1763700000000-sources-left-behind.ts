import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A migration's source that does not answer at the end is cleared later, by an operation of its host. */
export class SourcesLeftBehind1763700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE server_migrations ADD COLUMN left_to uuid REFERENCES operations(id);
      CREATE UNIQUE INDEX server_migrations_left_to ON server_migrations (left_to) WHERE left_to IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE server_migrations DROP COLUMN left_to');
  }
}

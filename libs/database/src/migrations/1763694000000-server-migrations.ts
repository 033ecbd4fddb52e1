import type { MigrationInterface, QueryRunner } from 'typeorm';

const table = `
CREATE TABLE server_migrations (
  operation_id uuid PRIMARY KEY REFERENCES operations(id),
  server_id uuid NOT NULL REFERENCES servers(id),
  source_host_id uuid NOT NULL REFERENCES hosts(id),
  target_host_id uuid NOT NULL REFERENCES hosts(id),
  -- Where room is held beside the server's own: on the target, and from the move on at the source, until nothing is left there.
  holds_on uuid NOT NULL REFERENCES hosts(id),
  cpus numeric(12,2) NOT NULL,
  ram_bytes bigint NOT NULL,
  disk_bytes bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  CHECK (source_host_id <> target_host_id),
  CHECK (holds_on IN (source_host_id, target_host_id))
);
CREATE UNIQUE INDEX server_migrations_active ON server_migrations (server_id) WHERE ended_at IS NULL;
CREATE INDEX server_migrations_server ON server_migrations (server_id, ended_at DESC);
`;

const holding = `
CREATE FUNCTION server_migrations_hold() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE was uuid := CASE WHEN TG_OP <> 'INSERT' AND OLD.ended_at IS NULL THEN OLD.holds_on END;
        is_now uuid := CASE WHEN TG_OP <> 'DELETE' AND NEW.ended_at IS NULL THEN NEW.holds_on END;
BEGIN
  IF was IS NOT DISTINCT FROM is_now THEN RETURN NULL; END IF;
  -- Only the request can be refused: what was granted changes places, and is given back.
  IF TG_OP = 'INSERT' THEN
    PERFORM account_host(is_now, 1, NEW.cpus, NEW.ram_bytes, NEW.disk_bytes);
    RETURN NULL;
  END IF;
  UPDATE hosts SET used_servers = used_servers - 1, used_cpus = used_cpus - OLD.cpus,
         used_ram_bytes = used_ram_bytes - OLD.ram_bytes, used_disk_bytes = used_disk_bytes - OLD.disk_bytes WHERE id = was;
  UPDATE hosts SET used_servers = used_servers + 1, used_cpus = used_cpus + NEW.cpus,
         used_ram_bytes = used_ram_bytes + NEW.ram_bytes, used_disk_bytes = used_disk_bytes + NEW.disk_bytes WHERE id = is_now;
  RETURN NULL;
END $$;
CREATE TRIGGER server_migrations_hold AFTER INSERT OR UPDATE OR DELETE ON server_migrations FOR EACH ROW EXECUTE FUNCTION server_migrations_hold();
`;

/** A server that moves where room is held for it changes places with that; `moves` is what is done then. */
const serversAccount = (moves: string) => `
CREATE OR REPLACE FUNCTION servers_account() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE was boolean := TG_OP <> 'INSERT' AND OLD.deleted_at IS NULL;
        is_now boolean := TG_OP <> 'DELETE' AND NEW.deleted_at IS NULL;
BEGIN
  IF was AND is_now AND OLD.tenant_id = NEW.tenant_id AND OLD.host_id = NEW.host_id AND OLD.cpus = NEW.cpus
     AND OLD.ram_bytes = NEW.ram_bytes AND OLD.disk_bytes = NEW.disk_bytes THEN
    RETURN NULL;
  END IF;
  IF was AND is_now AND OLD.tenant_id = NEW.tenant_id THEN
    PERFORM account_tenant(NEW.tenant_id, 0, NEW.cpus - OLD.cpus, NEW.ram_bytes - OLD.ram_bytes, NEW.disk_bytes - OLD.disk_bytes, 0);
  ELSE
    IF was THEN PERFORM account_tenant(OLD.tenant_id, -1, -OLD.cpus, -OLD.ram_bytes, -OLD.disk_bytes, 0); END IF;
    IF is_now THEN PERFORM account_tenant(NEW.tenant_id, 1, NEW.cpus, NEW.ram_bytes, NEW.disk_bytes, 0); END IF;
  END IF;
  IF was AND is_now AND OLD.host_id = NEW.host_id THEN
    PERFORM account_host(NEW.host_id, 0, NEW.cpus - OLD.cpus, NEW.ram_bytes - OLD.ram_bytes, NEW.disk_bytes - OLD.disk_bytes);
  ${moves}ELSE
    IF was THEN PERFORM account_host(OLD.host_id, -1, -OLD.cpus, -OLD.ram_bytes, -OLD.disk_bytes); END IF;
    IF is_now THEN PERFORM account_host(NEW.host_id, 1, NEW.cpus, NEW.ram_bytes, NEW.disk_bytes); END IF;
  END IF;
  RETURN NULL;
END $$;
`;

const moving = `ELSIF was AND is_now
    AND EXISTS (SELECT FROM server_migrations WHERE server_id = NEW.id AND ended_at IS NULL AND holds_on = NEW.host_id) THEN
    UPDATE hosts SET used_servers = used_servers - 1, used_cpus = used_cpus - OLD.cpus,
           used_ram_bytes = used_ram_bytes - OLD.ram_bytes, used_disk_bytes = used_disk_bytes - OLD.disk_bytes WHERE id = OLD.host_id;
    UPDATE hosts SET used_servers = used_servers + 1, used_cpus = used_cpus + NEW.cpus,
           used_ram_bytes = used_ram_bytes + NEW.ram_bytes, used_disk_bytes = used_disk_bytes + NEW.disk_bytes WHERE id = NEW.host_id;
    UPDATE server_migrations SET holds_on = OLD.host_id WHERE server_id = NEW.id AND ended_at IS NULL;
  `;

/** Servers on their way from host to host: both account for them. */
export class ServerMigrations1763694000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const part of [table, holding, serversAccount(moving)]) await runner.query(part);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(serversAccount(''));
    await runner.query('DROP TABLE server_migrations; DROP FUNCTION server_migrations_hold');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

const checkpoints = `
ALTER TABLE servers
  -- Frozen to its host's disk: no memory is held, and a boot of the host doesn't end it.
  ADD checkpointed boolean NOT NULL DEFAULT false,
  ADD CONSTRAINT servers_checkpointed CHECK (NOT checkpointed OR status = 'frozen');
CREATE FUNCTION servers_end_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.checkpointed := false; RETURN NEW; END $$;
-- Whoever moves a server on need not think of it.
CREATE TRIGGER servers_end_checkpoint BEFORE UPDATE OF status ON servers FOR EACH ROW
  WHEN (NEW.checkpointed AND NEW.status <> 'frozen') EXECUTE FUNCTION servers_end_checkpoint();
`;

const snapshots = `
ALTER TABLE tenants
  ADD quota_snapshots integer NOT NULL DEFAULT 2147483647 CHECK (quota_snapshots >= 0),
  ADD quota_snapshot_bytes bigint NOT NULL DEFAULT 9007199254740991 CHECK (quota_snapshot_bytes >= 0),
  ADD used_snapshots integer NOT NULL DEFAULT 0 CHECK (used_snapshots >= 0),
  ADD used_snapshot_bytes bigint NOT NULL DEFAULT 0 CHECK (used_snapshot_bytes >= 0);

CREATE TABLE snapshots (
  id uuid PRIMARY KEY,
  server_id uuid NOT NULL REFERENCES servers(id),
  tenant_id uuid NOT NULL REFERENCES tenants(id),
  name text NOT NULL,
  status text NOT NULL CHECK (status IN ('creating','available','deleting','error','deleted')),
  memory boolean NOT NULL,
  -- What only it holds on the host's disk; grows while its server changes.
  size_bytes bigint NOT NULL DEFAULT 0 CHECK (size_bytes >= 0),
  -- When it was last counted, or a worker last set out to.
  sized_at timestamptz NOT NULL DEFAULT now(),
  -- The server's when it was taken: what a clone is made with, and what a rollback goes back to.
  template_id uuid NOT NULL REFERENCES templates(id),
  plan_id uuid NOT NULL REFERENCES plans(id),
  limits jsonb NOT NULL,
  features text[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  CHECK ((status = 'deleted') = (deleted_at IS NOT NULL))
);
CREATE INDEX snapshots_sized ON snapshots (sized_at) WHERE status = 'available';
CREATE UNIQUE INDEX snapshots_name ON snapshots (server_id, name) WHERE deleted_at IS NULL;
CREATE INDEX snapshots_tenant ON snapshots (tenant_id, created_at DESC, id) WHERE deleted_at IS NULL;
`;

const accounting = `
CREATE FUNCTION snapshots_account() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE was boolean := TG_OP <> 'INSERT' AND OLD.deleted_at IS NULL;
        is_now boolean := TG_OP <> 'DELETE' AND NEW.deleted_at IS NULL;
        d_count integer := is_now::integer - was::integer;
        d_bytes bigint := CASE WHEN is_now THEN NEW.size_bytes ELSE 0 END - CASE WHEN was THEN OLD.size_bytes ELSE 0 END;
        t tenants; over json;
BEGIN
  IF d_count = 0 AND d_bytes = 0 THEN RETURN NULL; END IF;
  UPDATE tenants SET used_snapshots = used_snapshots + d_count, used_snapshot_bytes = used_snapshot_bytes + d_bytes
   WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.tenant_id ELSE NEW.tenant_id END RETURNING * INTO STRICT t;
  -- Bytes grow by themselves, with what the server writes: they are held against the quota when another one is asked for.
  over := CASE
    WHEN d_count > 0 AND t.used_snapshots > t.quota_snapshots THEN
      json_build_object('resource','snapshots','limit',t.quota_snapshots,'used',t.used_snapshots-d_count,'requested',d_count)
    WHEN d_count > 0 AND t.used_snapshot_bytes >= t.quota_snapshot_bytes THEN
      json_build_object('resource','snapshot_bytes','limit',t.quota_snapshot_bytes,'used',t.used_snapshot_bytes-d_bytes,'requested',greatest(d_bytes,1))
  END;
  IF over IS NOT NULL THEN
    RAISE EXCEPTION 'quota exceeded: %', over->>'resource' USING ERRCODE = 'BQ001', DETAIL = over::text;
  END IF;
  -- They take room from servers to come; what is there is never refused for it.
  IF d_bytes <> 0 THEN
    UPDATE hosts SET used_disk_bytes = used_disk_bytes + d_bytes
     WHERE id = (SELECT host_id FROM servers WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.server_id ELSE NEW.server_id END);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER snapshots_account AFTER INSERT OR UPDATE OR DELETE ON snapshots FOR EACH ROW EXECUTE FUNCTION snapshots_account();

CREATE FUNCTION servers_move_snapshots() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moved bigint := (SELECT coalesce(sum(size_bytes), 0) FROM snapshots WHERE server_id = NEW.id AND deleted_at IS NULL);
BEGIN
  IF moved > 0 THEN
    UPDATE hosts SET used_disk_bytes = used_disk_bytes + CASE WHEN id = NEW.host_id THEN moved ELSE -moved END
     WHERE id IN (OLD.host_id, NEW.host_id);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER servers_move_snapshots AFTER UPDATE OF host_id ON servers FOR EACH ROW
  WHEN (OLD.host_id <> NEW.host_id) EXECUTE FUNCTION servers_move_snapshots();
`;

/** Snapshots, what tenants may have of them, and servers that are frozen to disk. */
export class Snapshots1763690400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const part of [checkpoints, snapshots, accounting]) await runner.query(part);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TRIGGER servers_move_snapshots ON servers;
      DROP TABLE snapshots;
      DROP FUNCTION snapshots_account, servers_move_snapshots;
      ALTER TABLE tenants DROP quota_snapshots, DROP quota_snapshot_bytes, DROP used_snapshots, DROP used_snapshot_bytes;
      DROP TRIGGER servers_end_checkpoint ON servers;
      DROP FUNCTION servers_end_checkpoint;
      ALTER TABLE servers DROP checkpointed`);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

const events = `
-- Time-ordered, as those that the processes make (RFC 9562): rows made together lie together in the index.
CREATE FUNCTION uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE AS $$
  SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$$;

CREATE TABLE events (
  id uuid PRIMARY KEY DEFAULT uuid_v7(),
  -- Order of writing. Transactions may commit in another order: see event_dispatch.
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  type text NOT NULL,
  -- Null: of the provider alone. No foreign keys: their checks would wait for the rows that operations lock.
  tenant_id uuid,
  server_id uuid,
  subject text NOT NULL,
  data jsonb NOT NULL
);
CREATE INDEX events_at ON events (at);
CREATE INDEX events_server ON events (server_id, seq) WHERE server_id IS NOT NULL;

-- One row: up to where events were handed to the webhooks, up to where they were seen, and the first transaction begun after
-- that look: once all earlier ones have ended, no event up to there is still to come.
CREATE TABLE event_dispatch (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  dispatched_to bigint NOT NULL DEFAULT 0,
  seen_to bigint NOT NULL DEFAULT 0,
  horizon xid8 NOT NULL DEFAULT '0',
  CHECK (dispatched_to <= seen_to)
);
INSERT INTO event_dispatch DEFAULT VALUES;

-- The transaction has its number before the event has its own: event_dispatch relies on that.
CREATE FUNCTION record_event(type text, tenant uuid, server uuid, subject text, data jsonb) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE event uuid;
BEGIN
  PERFORM pg_current_xact_id();
  INSERT INTO events (type, tenant_id, server_id, subject, data) VALUES (type, tenant, server, subject, data) RETURNING id INTO event;
  RETURN event;
END $$;
`;

const ofServers = `
CREATE FUNCTION servers_tell() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  what text;
  about jsonb := jsonb_build_object('server', jsonb_build_object('id', NEW.id, 'name', NEW.name, 'status', NEW.status,
    'external_id', NEW.external_id, 'labels', NEW.labels), 'host_id', NEW.host_id);
BEGIN
  IF OLD.host_id <> NEW.host_id THEN
    PERFORM record_event('server.migrated', NEW.tenant_id, NEW.id, 'servers/' || NEW.id,
      about || jsonb_build_object('source_host_id', OLD.host_id));
  END IF;
  IF OLD.limits <> NEW.limits OR OLD.plan_id <> NEW.plan_id THEN
    PERFORM record_event('server.resized', NEW.tenant_id, NEW.id, 'servers/' || NEW.id, about || jsonb_build_object(
      'plan', (SELECT name FROM plans WHERE id = NEW.plan_id), 'limits', NEW.limits,
      'previous', jsonb_build_object('plan', (SELECT name FROM plans WHERE id = OLD.plan_id), 'limits', OLD.limits)));
  END IF;
  IF OLD.status = NEW.status THEN RETURN NULL; END IF;
  what := CASE
    WHEN NEW.status = 'deleted' THEN 'deleted'
    WHEN NEW.status = 'error' THEN 'failed'
    WHEN NEW.status = 'suspended' THEN 'suspended'
    WHEN OLD.status = 'suspended' THEN 'unsuspended'
    WHEN OLD.status = 'creating' THEN 'created'
    -- An order that failed and was tried again. Its end is of this very statement, so later than the transaction's start.
    WHEN OLD.status = 'error' AND NOT EXISTS (SELECT FROM operations WHERE server_id = NEW.id AND status = 'succeeded'
      AND kind IN ('create_server', 'clone_server') AND finished_at < now()) THEN 'created'
    WHEN NEW.status = 'frozen' THEN 'frozen'
    WHEN NEW.status = 'stopped' THEN 'stopped'
    WHEN OLD.status = 'frozen' THEN 'unfrozen'
    WHEN NEW.status = 'running' THEN 'started'
  END;
  IF what IS NOT NULL THEN
    PERFORM record_event('server.' || what, NEW.tenant_id, NEW.id, 'servers/' || NEW.id,
      about || jsonb_build_object('previous_status', OLD.status));
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER servers_tell AFTER UPDATE ON servers FOR EACH ROW
  WHEN (OLD.status <> NEW.status OR OLD.host_id <> NEW.host_id OR OLD.limits <> NEW.limits OR OLD.plan_id <> NEW.plan_id)
  EXECUTE FUNCTION servers_tell();
`;

const ofOperations = `
CREATE FUNCTION operations_tell() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  subject text := 'operations/' || NEW.id;
  about jsonb := jsonb_build_object('operation', jsonb_build_object('id', NEW.id, 'kind', NEW.kind, 'status', NEW.status,
    'server_id', NEW.server_id, 'requested_by', NEW.requested_by,
    'error', CASE WHEN NEW.error IS NOT NULL THEN jsonb_build_object('code', NEW.error->'code', 'message', NEW.error->'message',
      'step', NEW.error->'step') END), 'host_id', NEW.host_id);
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM record_event('operation.created', NEW.tenant_id, NEW.server_id, subject, about);
  END IF;
  IF NEW.started_at IS NOT NULL AND (TG_OP = 'INSERT' OR OLD.started_at IS NULL) THEN
    PERFORM record_event('operation.started', NEW.tenant_id, NEW.server_id, subject, about);
  END IF;
  IF NEW.finished_at IS NOT NULL AND (TG_OP = 'INSERT' OR OLD.finished_at IS NULL) THEN
    PERFORM record_event('operation.' || NEW.status, NEW.tenant_id, NEW.server_id, subject, about);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER operations_tell_new AFTER INSERT ON operations FOR EACH ROW EXECUTE FUNCTION operations_tell();
CREATE TRIGGER operations_tell AFTER UPDATE ON operations FOR EACH ROW
  WHEN ((OLD.started_at IS NULL AND NEW.started_at IS NOT NULL) OR (OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL))
  EXECUTE FUNCTION operations_tell();
`;

const ofTenants = `
-- 0, 80 or 100: the highest threshold that the use has reached. A quota of nothing is no threshold.
CREATE FUNCTION quota_level(used numeric, quota numeric) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN quota <= 0 THEN 0 WHEN used >= quota THEN 100 WHEN used >= quota * 0.8 THEN 80 ELSE 0 END
$$;

CREATE FUNCTION tenants_tell() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE of_quota record;
BEGIN
  FOR of_quota IN
    SELECT resource, used, quota, quota_level(used, quota) AS level FROM (VALUES
      ('servers', OLD.used_servers::numeric, OLD.quota_servers::numeric, NEW.used_servers::numeric, NEW.quota_servers::numeric),
      ('cpus', OLD.used_cpus, OLD.quota_cpus, NEW.used_cpus, NEW.quota_cpus),
      ('ram_bytes', OLD.used_ram_bytes, OLD.quota_ram_bytes, NEW.used_ram_bytes, NEW.quota_ram_bytes),
      ('disk_bytes', OLD.used_disk_bytes, OLD.quota_disk_bytes, NEW.used_disk_bytes, NEW.quota_disk_bytes),
      ('ipv4', OLD.used_ipv4, OLD.quota_ipv4, NEW.used_ipv4, NEW.quota_ipv4),
      ('snapshots', OLD.used_snapshots, OLD.quota_snapshots, NEW.used_snapshots, NEW.quota_snapshots),
      ('snapshot_bytes', OLD.used_snapshot_bytes, OLD.quota_snapshot_bytes, NEW.used_snapshot_bytes, NEW.quota_snapshot_bytes)
    ) AS r(resource, old_used, old_quota, used, quota)
    WHERE quota_level(used, quota) > quota_level(old_used, old_quota)
  LOOP
    PERFORM record_event('quota.warning', NEW.id, NULL, 'tenants/' || NEW.id, jsonb_build_object('resource', of_quota.resource,
      'threshold_percent', of_quota.level, 'used', of_quota.used, 'limit', of_quota.quota));
  END LOOP;
  IF OLD.status <> NEW.status THEN
    PERFORM record_event('tenant.' || CASE NEW.status WHEN 'active' THEN 'unsuspended' ELSE NEW.status END, NEW.id, NULL,
      'tenants/' || NEW.id, jsonb_build_object('tenant', jsonb_build_object('id', NEW.id, 'name', NEW.name,
      'external_id', NEW.external_id, 'status', NEW.status), 'previous_status', OLD.status));
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER tenants_tell AFTER UPDATE ON tenants FOR EACH ROW EXECUTE FUNCTION tenants_tell();
`;

const webhooks = `
CREATE TABLE webhook_endpoints (
  id uuid PRIMARY KEY,
  -- A tenant's own events; all tenants' events; these and the provider's own. Who may see the endpoint goes by it as well.
  audience text NOT NULL CHECK (audience IN ('tenant','billing','operator')),
  tenant_id uuid REFERENCES tenants(id),
  url text NOT NULL,
  events text[] NOT NULL,
  description text NOT NULL DEFAULT '',
  enabled boolean NOT NULL DEFAULT true,
  disabled_reason text,
  -- What happened before is not sent.
  active_since timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- The receiver asked for a pause (Retry-After).
  paused_until timestamptz NOT NULL DEFAULT '-infinity',
  secret_sealed text NOT NULL,
  -- Signs as well, until then.
  previous_secret_sealed text,
  previous_secret_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((audience = 'tenant') = (tenant_id IS NOT NULL)),
  CHECK ((previous_secret_sealed IS NULL) = (previous_secret_until IS NULL))
);
CREATE INDEX webhook_endpoints_tenant ON webhook_endpoints (tenant_id, created_at DESC);

CREATE TABLE webhook_deliveries (
  id uuid PRIMARY KEY DEFAULT uuid_v7(),
  endpoint_id uuid NOT NULL REFERENCES webhook_endpoints(id) ON DELETE CASCADE,
  event_id uuid NOT NULL REFERENCES events(id) ON DELETE CASCADE,
  event_seq bigint NOT NULL,
  -- What is sent one after the other: see webhook_lanes.
  lane uuid NOT NULL,
  redelivery_of uuid,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending','delivered','failed','cancelled')),
  attempts integer NOT NULL DEFAULT 0,
  last_attempt_at timestamptz,
  next_attempt_at timestamptz,
  response_status integer,
  response_body text,
  error text,
  duration_ms integer,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  CHECK ((status = 'pending') = (finished_at IS NULL))
);
CREATE UNIQUE INDEX webhook_deliveries_once ON webhook_deliveries (endpoint_id, event_id) WHERE redelivery_of IS NULL;
CREATE INDEX webhook_deliveries_event ON webhook_deliveries (event_id);
CREATE INDEX webhook_deliveries_log ON webhook_deliveries (endpoint_id, created_at DESC, id);
CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (endpoint_id, lane, event_seq) WHERE status = 'pending';

-- A row for each endpoint and server with something pending. A worker claims the lane, not the delivery: that keeps the order.
CREATE TABLE webhook_lanes (
  endpoint_id uuid NOT NULL REFERENCES webhook_endpoints(id) ON DELETE CASCADE,
  -- The server; else the tenant; else the event itself.
  lane uuid NOT NULL,
  -- When it is to be looked at: the first delivery's turn, or the end of the claim's lease.
  due_at timestamptz NOT NULL DEFAULT now(),
  -- Fence: the lane is the claim's until there is a higher one.
  claim bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (endpoint_id, lane)
);
CREATE INDEX webhook_lanes_due ON webhook_lanes (due_at);
`;

/** What happened, written by triggers in the transaction that did it, and who is told. */
export class EventsAndWebhooks1763810000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const part of [events, ofServers, ofOperations, ofTenants, webhooks]) await runner.query(part);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TRIGGER servers_tell ON servers; DROP TRIGGER tenants_tell ON tenants;
      DROP TRIGGER operations_tell ON operations; DROP TRIGGER operations_tell_new ON operations`);
    await runner.query(
      'DROP TABLE webhook_lanes, webhook_deliveries, webhook_endpoints, event_dispatch, events',
    );
    await runner.query(
      'DROP FUNCTION servers_tell, operations_tell, tenants_tell, quota_level, record_event, uuid_v7',
    );
  }
}

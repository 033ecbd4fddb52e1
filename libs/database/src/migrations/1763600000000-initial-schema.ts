import type { MigrationInterface, QueryRunner } from 'typeorm';

const tenancy = `
CREATE TABLE locations (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE,
  next_id_slot integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- used_* are kept by the triggers on servers and addresses: no path can change a server without them.
CREATE TABLE tenants (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  external_id text UNIQUE,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active','suspended','terminated')),
  quota_servers integer NOT NULL CHECK (quota_servers >= 0),
  quota_cpus numeric(12,2) NOT NULL CHECK (quota_cpus >= 0),
  quota_ram_bytes bigint NOT NULL CHECK (quota_ram_bytes >= 0),
  quota_disk_bytes bigint NOT NULL CHECK (quota_disk_bytes >= 0),
  quota_ipv4 integer NOT NULL CHECK (quota_ipv4 >= 0),
  used_servers integer NOT NULL DEFAULT 0 CHECK (used_servers >= 0),
  used_cpus numeric(12,2) NOT NULL DEFAULT 0 CHECK (used_cpus >= 0),
  used_ram_bytes bigint NOT NULL DEFAULT 0 CHECK (used_ram_bytes >= 0),
  used_disk_bytes bigint NOT NULL DEFAULT 0 CHECK (used_disk_bytes >= 0),
  used_ipv4 integer NOT NULL DEFAULT 0 CHECK (used_ipv4 >= 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE tokens (
  id uuid PRIMARY KEY,
  tenant_id uuid REFERENCES tenants(id),
  role text NOT NULL CHECK (role IN ('customer','billing','operator')),
  scopes text[] NOT NULL,
  name text NOT NULL,
  hash bytea NOT NULL UNIQUE,
  prefix text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz,
  CHECK ((role = 'customer') = (tenant_id IS NOT NULL))
);
CREATE INDEX tokens_tenant ON tokens (tenant_id);
`;

const catalogue = `
CREATE TABLE plans (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  limits jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE UNIQUE INDEX plans_name ON plans (name) WHERE deleted_at IS NULL;

CREATE TABLE templates (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  source text NOT NULL,
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  compression text NOT NULL CHECK (compression IN ('none','gzip','xz','zstd')),
  architecture text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE UNIQUE INDEX templates_name ON templates (name) WHERE deleted_at IS NULL;
`;

const fleet = `
CREATE TABLE hosts (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  driver text NOT NULL CHECK (driver IN ('lxc','simulated')),
  location_id uuid NOT NULL REFERENCES locations(id),
  address text NOT NULL,
  port integer NOT NULL CHECK (port BETWEEN 1 AND 65535),
  "user" text NOT NULL,
  host_key_fingerprint text,
  private_key_sealed text,
  state text NOT NULL CHECK (state IN ('enrolling','active','cordoned','error','removed')),
  reachable boolean NOT NULL DEFAULT false,
  last_seen_at timestamptz,
  last_error text,
  boot_id text,
  architecture text,
  facts jsonb,
  capabilities text[] NOT NULL DEFAULT '{}',
  -- What the operator stated; null: what the host reported at enrolment.
  stated_cpus numeric(12,2),
  stated_ram_bytes bigint,
  stated_disk_bytes bigint,
  capacity_cpus numeric(12,2) NOT NULL DEFAULT 0,
  capacity_ram_bytes bigint NOT NULL DEFAULT 0,
  capacity_disk_bytes bigint NOT NULL DEFAULT 0,
  overcommit_cpus numeric(8,3) NOT NULL DEFAULT 1 CHECK (overcommit_cpus > 0),
  overcommit_ram numeric(8,3) NOT NULL DEFAULT 1 CHECK (overcommit_ram > 0),
  overcommit_disk numeric(8,3) NOT NULL DEFAULT 1 CHECK (overcommit_disk > 0),
  used_servers integer NOT NULL DEFAULT 0 CHECK (used_servers >= 0),
  used_cpus numeric(12,2) NOT NULL DEFAULT 0 CHECK (used_cpus >= 0),
  used_ram_bytes bigint NOT NULL DEFAULT 0 CHECK (used_ram_bytes >= 0),
  used_disk_bytes bigint NOT NULL DEFAULT 0 CHECK (used_disk_bytes >= 0),
  -- Fullness of the scarcest resource: what placement orders by, so that an index serves it.
  placement_load double precision GENERATED ALWAYS AS (
    CASE WHEN capacity_cpus > 0 AND capacity_ram_bytes > 0 AND capacity_disk_bytes > 0 THEN
      GREATEST(used_cpus / (capacity_cpus * overcommit_cpus),
               used_ram_bytes / (capacity_ram_bytes * overcommit_ram),
               used_disk_bytes / (capacity_disk_bytes * overcommit_disk))::double precision
    ELSE 1 END) STORED,
  -- The worker that watches this host, and until when.
  observer_id text,
  observer_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK (driver = 'simulated' OR private_key_sealed IS NOT NULL OR state = 'removed')
);
CREATE UNIQUE INDEX hosts_name ON hosts (name) WHERE state <> 'removed';
CREATE INDEX hosts_placement ON hosts (location_id, placement_load, id) WHERE state = 'active';
CREATE INDEX hosts_observe ON hosts (observer_until) WHERE state IN ('active','cordoned');

CREATE TABLE ip_pools (
  id uuid PRIMARY KEY,
  cidr cidr NOT NULL,
  family integer NOT NULL CHECK (family IN (4,6) AND family(cidr) = family),
  location_id uuid NOT NULL REFERENCES locations(id),
  gateway inet,
  -- Units (addresses; /64s) never given out yet start here; freed ones are taken first.
  next_unit bigint NOT NULL DEFAULT 0,
  units bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT ip_pools_no_overlap EXCLUDE USING gist (cidr inet_ops WITH &&)
);
CREATE INDEX ip_pools_location ON ip_pools (location_id, family);
`;

const servers = `
CREATE TABLE servers (
  id uuid PRIMARY KEY,
  -- Names the container (ct<number>); never used twice.
  number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  tenant_id uuid NOT NULL REFERENCES tenants(id),
  location_id uuid NOT NULL REFERENCES locations(id),
  host_id uuid NOT NULL REFERENCES hosts(id),
  plan_id uuid NOT NULL REFERENCES plans(id),
  template_id uuid NOT NULL REFERENCES templates(id),
  name text NOT NULL,
  hostname text NOT NULL,
  status text NOT NULL CHECK (status IN ('creating','running','stopped','frozen','suspended','error','deleted')),
  desired_state text NOT NULL CHECK (desired_state IN ('running','stopped')),
  limits jsonb NOT NULL,
  cpus numeric(12,2) NOT NULL CHECK (cpus > 0),
  ram_bytes bigint NOT NULL CHECK (ram_bytes > 0),
  disk_bytes bigint NOT NULL CHECK (disk_bytes > 0),
  id_slot integer NOT NULL,
  ssh_keys text[] NOT NULL DEFAULT '{}',
  labels jsonb NOT NULL DEFAULT '{}',
  external_id text,
  -- sha256 of the order's body: tells a repeated order from another one with the same external_id.
  order_digest text,
  onboot boolean NOT NULL DEFAULT true,
  boot_order integer NOT NULL DEFAULT 0,
  protection_delete boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  CHECK ((status = 'deleted') = (deleted_at IS NOT NULL))
);
CREATE UNIQUE INDEX servers_external_id ON servers (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;
CREATE UNIQUE INDEX servers_id_slot ON servers (location_id, id_slot) WHERE deleted_at IS NULL;
CREATE INDEX servers_tenant ON servers (tenant_id, created_at DESC, id);
CREATE INDEX servers_created ON servers (created_at DESC, id);
CREATE INDEX servers_host ON servers (host_id) WHERE deleted_at IS NULL;
CREATE INDEX servers_name ON servers (name) WHERE deleted_at IS NULL;
CREATE INDEX servers_labels ON servers USING gin (labels jsonb_path_ops) WHERE deleted_at IS NULL;

CREATE TABLE free_id_slots (
  location_id uuid NOT NULL REFERENCES locations(id),
  slot integer NOT NULL,
  PRIMARY KEY (location_id, slot)
);

CREATE TABLE addresses (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pool_id uuid NOT NULL REFERENCES ip_pools(id),
  address inet NOT NULL UNIQUE,
  family integer NOT NULL CHECK (family IN (4,6)),
  -- What is routed to the server: 32, or 64 for IPv6.
  prefix integer NOT NULL,
  server_id uuid REFERENCES servers(id),
  tenant_id uuid REFERENCES tenants(id),
  is_primary boolean NOT NULL DEFAULT false,
  rdns text,
  assigned_at timestamptz,
  released_at timestamptz,
  CHECK ((server_id IS NULL) = (tenant_id IS NULL))
);
CREATE INDEX addresses_server ON addresses (server_id) WHERE server_id IS NOT NULL;
CREATE INDEX addresses_free ON addresses (pool_id, released_at) WHERE server_id IS NULL;
`;

const accounting = `
-- Raises BQ001 (tenant's quota) or BC001 (host's capacity), with the API's details as JSON in DETAIL.
CREATE FUNCTION account_tenant(tenant uuid, d_servers integer, d_cpus numeric, d_ram bigint, d_disk bigint, d_ipv4 integer)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE t tenants; over json;
BEGIN
  UPDATE tenants SET used_servers = used_servers + d_servers, used_cpus = used_cpus + d_cpus,
    used_ram_bytes = used_ram_bytes + d_ram, used_disk_bytes = used_disk_bytes + d_disk, used_ipv4 = used_ipv4 + d_ipv4
  WHERE id = tenant RETURNING * INTO STRICT t;
  over := CASE
    WHEN d_servers > 0 AND t.used_servers > t.quota_servers THEN json_build_object('resource','servers','limit',t.quota_servers,'used',t.used_servers-d_servers,'requested',d_servers)
    WHEN d_cpus > 0 AND t.used_cpus > t.quota_cpus THEN json_build_object('resource','cpus','limit',t.quota_cpus,'used',t.used_cpus-d_cpus,'requested',d_cpus)
    WHEN d_ram > 0 AND t.used_ram_bytes > t.quota_ram_bytes THEN json_build_object('resource','ram_bytes','limit',t.quota_ram_bytes,'used',t.used_ram_bytes-d_ram,'requested',d_ram)
    WHEN d_disk > 0 AND t.used_disk_bytes > t.quota_disk_bytes THEN json_build_object('resource','disk_bytes','limit',t.quota_disk_bytes,'used',t.used_disk_bytes-d_disk,'requested',d_disk)
    WHEN d_ipv4 > 0 AND t.used_ipv4 > t.quota_ipv4 THEN json_build_object('resource','ipv4','limit',t.quota_ipv4,'used',t.used_ipv4-d_ipv4,'requested',d_ipv4)
  END;
  IF over IS NOT NULL THEN
    RAISE EXCEPTION 'quota exceeded: %', over->>'resource' USING ERRCODE = 'BQ001', DETAIL = over::text;
  END IF;
END $$;

CREATE FUNCTION account_host(host uuid, d_servers integer, d_cpus numeric, d_ram bigint, d_disk bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE h hosts; short text;
BEGIN
  UPDATE hosts SET used_servers = used_servers + d_servers, used_cpus = used_cpus + d_cpus,
    used_ram_bytes = used_ram_bytes + d_ram, used_disk_bytes = used_disk_bytes + d_disk
  WHERE id = host RETURNING * INTO STRICT h;
  short := CASE
    WHEN d_cpus > 0 AND h.used_cpus > h.capacity_cpus * h.overcommit_cpus THEN 'cpus'
    WHEN d_ram > 0 AND h.used_ram_bytes > h.capacity_ram_bytes * h.overcommit_ram THEN 'ram_bytes'
    WHEN d_disk > 0 AND h.used_disk_bytes > h.capacity_disk_bytes * h.overcommit_disk THEN 'disk_bytes'
  END;
  IF short IS NOT NULL THEN
    RAISE EXCEPTION 'host has no room: %', short USING ERRCODE = 'BC001', DETAIL = json_build_object('resource', short)::text;
  END IF;
END $$;

CREATE FUNCTION servers_account() RETURNS trigger LANGUAGE plpgsql AS $$
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
  ELSE
    IF was THEN PERFORM account_host(OLD.host_id, -1, -OLD.cpus, -OLD.ram_bytes, -OLD.disk_bytes); END IF;
    IF is_now THEN PERFORM account_host(NEW.host_id, 1, NEW.cpus, NEW.ram_bytes, NEW.disk_bytes); END IF;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER servers_account AFTER INSERT OR UPDATE OR DELETE ON servers FOR EACH ROW EXECUTE FUNCTION servers_account();

CREATE FUNCTION addresses_account() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE was uuid := CASE WHEN TG_OP <> 'INSERT' AND OLD.family = 4 THEN OLD.tenant_id END;
        is_now uuid := CASE WHEN TG_OP <> 'DELETE' AND NEW.family = 4 THEN NEW.tenant_id END;
BEGIN
  IF was IS DISTINCT FROM is_now THEN
    IF was IS NOT NULL THEN PERFORM account_tenant(was, 0, 0, 0, 0, -1); END IF;
    IF is_now IS NOT NULL THEN PERFORM account_tenant(is_now, 0, 0, 0, 0, 1); END IF;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER addresses_account AFTER INSERT OR UPDATE OR DELETE ON addresses FOR EACH ROW EXECUTE FUNCTION addresses_account();
`;

const operations = `
-- A host refuses a fence lower than the last it saw of a container, whatever operation that came from: one sequence for all.
CREATE SEQUENCE operation_fence;

CREATE TABLE operations (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending','running','succeeded','failed','cancelled')),
  direction text NOT NULL DEFAULT 'forward' CHECK (direction IN ('forward','undo')),
  server_id uuid REFERENCES servers(id),
  host_id uuid REFERENCES hosts(id),
  tenant_id uuid REFERENCES tenants(id),
  requested_by text NOT NULL,
  request_id text NOT NULL,
  input jsonb NOT NULL DEFAULT '{}',
  result jsonb,
  error jsonb,
  progress integer NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
  attempt integer NOT NULL DEFAULT 0,
  fence bigint NOT NULL DEFAULT 0,
  worker_id text,
  lease_until timestamptz,
  run_after timestamptz NOT NULL DEFAULT now(),
  cancel_requested_at timestamptz,
  -- Set while another operation of the same server has to end first.
  waits_for uuid REFERENCES operations(id),
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz,
  CHECK ((status IN ('succeeded','failed','cancelled')) = (finished_at IS NOT NULL))
);
CREATE UNIQUE INDEX operations_one_active_per_server ON operations (server_id)
  WHERE server_id IS NOT NULL AND status IN ('pending','running') AND waits_for IS NULL;
CREATE UNIQUE INDEX operations_one_waiting_per_server ON operations (server_id)
  WHERE server_id IS NOT NULL AND status IN ('pending','running') AND waits_for IS NOT NULL;
CREATE UNIQUE INDEX operations_one_active_per_host ON operations (host_id)
  WHERE server_id IS NULL AND host_id IS NOT NULL AND status IN ('pending','running');
CREATE INDEX operations_due ON operations (run_after) WHERE status IN ('pending','running') AND waits_for IS NULL;
CREATE INDEX operations_waits_for ON operations (waits_for) WHERE waits_for IS NOT NULL;
CREATE INDEX operations_tenant ON operations (tenant_id, created_at DESC, id);
CREATE INDEX operations_server ON operations (server_id, created_at DESC);
CREATE INDEX operations_created ON operations (created_at DESC, id);

CREATE TABLE operation_steps (
  operation_id uuid NOT NULL REFERENCES operations(id) ON DELETE CASCADE,
  position integer NOT NULL,
  name text NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending','running','succeeded','failed','undone')),
  attempt integer NOT NULL DEFAULT 0,
  started_at timestamptz,
  finished_at timestamptz,
  error jsonb,
  output jsonb,
  log text NOT NULL DEFAULT '',
  PRIMARY KEY (operation_id, position)
);

CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  operation_id uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE FUNCTION outbox_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('berth_outbox', ''); RETURN NULL; END $$;
CREATE TRIGGER outbox_notify AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION outbox_notify();

CREATE TABLE idempotency_keys (
  scope text NOT NULL,
  key text NOT NULL,
  request_digest text NOT NULL,
  response_status integer NOT NULL,
  response_body jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

CREATE TABLE audit_events (
  id uuid PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,
  role text NOT NULL,
  tenant_id uuid,
  action text NOT NULL,
  target_type text NOT NULL,
  target_id text NOT NULL,
  request_id text NOT NULL,
  details jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_events_at ON audit_events (at DESC, id);
CREATE INDEX audit_events_tenant ON audit_events (tenant_id, at DESC);
CREATE INDEX audit_events_target ON audit_events (target_id, at DESC);

-- What the reconciler found to differ, and what an undo could not take back.
CREATE TABLE drift_findings (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  host_id uuid REFERENCES hosts(id),
  server_id uuid REFERENCES servers(id),
  operation_id uuid REFERENCES operations(id),
  subject text NOT NULL,
  message text NOT NULL,
  details jsonb NOT NULL DEFAULT '{}',
  found_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  resolved_at timestamptz
);
CREATE UNIQUE INDEX drift_findings_open ON drift_findings (host_id, kind, subject) WHERE resolved_at IS NULL;
CREATE INDEX drift_findings_found ON drift_findings (found_at DESC, id);
`;

/** The tables, and the rules that no path can bypass: uniqueness, accounting of quota and capacity, one operation at a time. */
export class InitialSchema1763600000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const part of [tenancy, catalogue, fleet, servers, accounting, operations]) await runner.query(part);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE drift_findings, audit_events, idempotency_keys, outbox, operation_steps, operations, addresses,
      free_id_slots, servers, ip_pools, hosts, templates, plans, tokens, tenants, locations`);
    await runner.query(
      `DROP FUNCTION outbox_notify, addresses_account, servers_account, account_host, account_tenant`,
    );
    await runner.query(`DROP SEQUENCE operation_fence`);
  }
}

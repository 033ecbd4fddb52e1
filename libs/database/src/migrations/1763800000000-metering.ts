import type { MigrationInterface, QueryRunner } from 'typeorm';

// Whole milliseconds, as API and records tell them: a window's parts add up to it without rounding.
const clock = `
CREATE FUNCTION metering_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS
$$ SELECT date_trunc('milliseconds', clock_timestamp()) $$;
`;

// By triggers: no path that changes a server, an address or a snapshot goes around them.
const history = `
-- What a server was from one moment to the next. A deleted one ends with a row of no length.
CREATE TABLE server_history (
  server_id uuid NOT NULL,
  at timestamptz NOT NULL,
  until timestamptz NOT NULL DEFAULT 'infinity' CHECK (until >= at),
  tenant_id uuid NOT NULL,
  host_id uuid NOT NULL,
  plan_id uuid NOT NULL,
  status text NOT NULL,
  -- Of its limits: what was sold, not what was used.
  ram_bytes bigint NOT NULL,
  disk_bytes bigint NOT NULL,
  -- Of the transaction: tells what was committed only after its hour was closed.
  xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE TABLE address_history (
  server_id uuid NOT NULL,
  at timestamptz NOT NULL,
  until timestamptz NOT NULL DEFAULT 'infinity' CHECK (until >= at),
  tenant_id uuid NOT NULL,
  address_id bigint NOT NULL,
  family integer NOT NULL,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE TABLE snapshot_history (
  server_id uuid NOT NULL,
  at timestamptz NOT NULL,
  until timestamptz NOT NULL DEFAULT 'infinity' CHECK (until >= at),
  tenant_id uuid NOT NULL,
  snapshot_id uuid NOT NULL,
  size_bytes bigint NOT NULL,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE UNIQUE INDEX server_history_now ON server_history (server_id) WHERE until = 'infinity';
CREATE UNIQUE INDEX address_history_now ON address_history (address_id) WHERE until = 'infinity';
CREATE UNIQUE INDEX snapshot_history_now ON snapshot_history (snapshot_id) WHERE until = 'infinity';
CREATE INDEX server_history_until ON server_history (until);
CREATE INDEX address_history_until ON address_history (until);
CREATE INDEX snapshot_history_until ON snapshot_history (until);
CREATE INDEX server_history_xid ON server_history (xid);
CREATE INDEX address_history_xid ON address_history (xid);
CREATE INDEX snapshot_history_xid ON snapshot_history (xid);
`;

const triggers = `
-- Where the clock was set back, a change is of the moment of the one before.
CREATE FUNCTION servers_keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moment timestamptz := metering_now(); ended timestamptz;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    UPDATE server_history SET until = greatest(moment, at) WHERE server_id = NEW.id AND until = 'infinity' RETURNING until INTO ended;
    moment := coalesce(ended, moment);
  END IF;
  INSERT INTO server_history (server_id, at, until, tenant_id, host_id, plan_id, status, ram_bytes, disk_bytes)
  VALUES (NEW.id, moment, CASE WHEN NEW.deleted_at IS NULL THEN 'infinity' ELSE moment END, NEW.tenant_id, NEW.host_id, NEW.plan_id,
          NEW.status, coalesce((NEW.limits->>'ram_bytes')::bigint, NEW.ram_bytes),
          coalesce((NEW.limits->>'disk_bytes')::bigint, NEW.disk_bytes));
  RETURN NULL;
END $$;
CREATE TRIGGER servers_begin_history AFTER INSERT ON servers FOR EACH ROW EXECUTE FUNCTION servers_keep_history();
CREATE TRIGGER servers_keep_history AFTER UPDATE OF status, plan_id, limits, ram_bytes, disk_bytes, host_id, tenant_id, deleted_at
  ON servers FOR EACH ROW
  WHEN ((OLD.status, OLD.plan_id, OLD.limits, OLD.ram_bytes, OLD.disk_bytes, OLD.host_id, OLD.tenant_id, OLD.deleted_at)
        IS DISTINCT FROM
        (NEW.status, NEW.plan_id, NEW.limits, NEW.ram_bytes, NEW.disk_bytes, NEW.host_id, NEW.tenant_id, NEW.deleted_at))
  EXECUTE FUNCTION servers_keep_history();

CREATE FUNCTION addresses_keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moment timestamptz := metering_now(); ended timestamptz; was uuid; is_now uuid;
BEGIN
  IF TG_OP <> 'INSERT' THEN was := OLD.server_id; END IF;
  IF TG_OP <> 'DELETE' THEN is_now := NEW.server_id; END IF;
  IF was IS NOT DISTINCT FROM is_now THEN RETURN NULL; END IF;
  IF was IS NOT NULL THEN
    UPDATE address_history SET until = greatest(moment, at) WHERE address_id = OLD.id AND until = 'infinity' RETURNING until INTO ended;
    moment := coalesce(ended, moment);
    -- The end is a row as well: a late one is found by it.
    INSERT INTO address_history (server_id, at, until, tenant_id, address_id, family)
    VALUES (was, moment, moment, OLD.tenant_id, OLD.id, OLD.family);
  END IF;
  IF is_now IS NOT NULL THEN
    INSERT INTO address_history (server_id, at, tenant_id, address_id, family)
    VALUES (is_now, moment, NEW.tenant_id, NEW.id, NEW.family);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER addresses_keep_history AFTER INSERT OR DELETE OR UPDATE OF server_id ON addresses
  FOR EACH ROW EXECUTE FUNCTION addresses_keep_history();

CREATE FUNCTION snapshots_keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moment timestamptz := metering_now(); ended timestamptz; s snapshots;
BEGIN
  IF TG_OP = 'DELETE' THEN s := OLD; ELSE s := NEW; END IF;
  IF TG_OP <> 'INSERT' THEN
    UPDATE snapshot_history SET until = greatest(moment, at) WHERE snapshot_id = s.id AND until = 'infinity' RETURNING until INTO ended;
    moment := coalesce(ended, moment);
  END IF;
  INSERT INTO snapshot_history (server_id, at, until, tenant_id, snapshot_id, size_bytes)
  VALUES (s.server_id, moment, CASE WHEN TG_OP <> 'DELETE' AND s.deleted_at IS NULL THEN 'infinity' ELSE moment END, s.tenant_id, s.id,
          s.size_bytes);
  RETURN NULL;
END $$;
CREATE TRIGGER snapshots_begin_history AFTER INSERT OR DELETE ON snapshots FOR EACH ROW EXECUTE FUNCTION snapshots_keep_history();
CREATE TRIGGER snapshots_keep_history AFTER UPDATE OF size_bytes, deleted_at ON snapshots FOR EACH ROW
  WHEN ((OLD.size_bytes, OLD.deleted_at) IS DISTINCT FROM (NEW.size_bytes, NEW.deleted_at))
  EXECUTE FUNCTION snapshots_keep_history();
`;

// Of what was before nothing is known: it counts from now on.
const beginning = `
INSERT INTO server_history (server_id, at, tenant_id, host_id, plan_id, status, ram_bytes, disk_bytes)
SELECT id, metering_now(), tenant_id, host_id, plan_id, status, coalesce((limits->>'ram_bytes')::bigint, ram_bytes),
       coalesce((limits->>'disk_bytes')::bigint, disk_bytes) FROM servers WHERE deleted_at IS NULL;
INSERT INTO address_history (server_id, at, tenant_id, address_id, family)
SELECT server_id, metering_now(), tenant_id, id, family FROM addresses WHERE server_id IS NOT NULL;
INSERT INTO snapshot_history (server_id, at, tenant_id, snapshot_id, size_bytes)
SELECT server_id, metering_now(), tenant_id, id, size_bytes FROM snapshots WHERE deleted_at IS NULL;
`;

const records = `
-- What bills are made of; never changed, never deleted. Rows lie in the order of their windows.
CREATE TABLE usage_records (
  id text COLLATE "C" PRIMARY KEY,
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  tenant_id uuid NOT NULL,
  server_id uuid NOT NULL,
  meter text NOT NULL,
  window_start timestamptz NOT NULL,
  window_end timestamptz NOT NULL CHECK (window_end > window_start),
  plan_id uuid,
  quantity numeric(38,0) NOT NULL,
  unit text NOT NULL,
  -- Samples are missing in the window.
  incomplete boolean NOT NULL,
  -- The record that this one is the difference to.
  corrects text CHECK (starts_with(id, corrects || '#')),
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX usage_records_tenant ON usage_records (tenant_id, window_start);
CREATE INDEX usage_records_window ON usage_records USING brin (window_start) WITH (pages_per_range = 32);
CREATE FUNCTION usage_records_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'usage records are never changed: write a correction' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER usage_records_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON usage_records EXECUTE FUNCTION usage_records_stay();

CREATE TABLE metering_progress (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  -- Windows before are closed.
  metered_to timestamptz NOT NULL,
  -- What the last closing saw: what was not committed then came too late for it.
  seen pg_snapshot NOT NULL DEFAULT pg_current_snapshot()
);
-- For the closing, which reads an hour of all servers: rows lie in the order of their time.
CREATE INDEX usage_hours_hour ON usage_hours USING brin (hour) WITH (pages_per_range = 32, autosummarize = on);
INSERT INTO metering_progress (metered_to) SELECT rolled_up_to FROM usage_progress;
`;

const prices = `
ALTER TABLE plans ADD price jsonb;
-- A plan's prices, from full hours on: a window has one. SQL null: it costs nothing.
CREATE TABLE plan_prices (
  plan_id uuid NOT NULL REFERENCES plans(id),
  valid_from timestamptz NOT NULL CHECK (valid_from = date_trunc('hour', valid_from, 'UTC')),
  price jsonb,
  PRIMARY KEY (plan_id, valid_from)
);
-- The first price holds from the hour that it was set in; another one from the next hour on, so that no hour begun changes.
CREATE FUNCTION plans_keep_price() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE hour timestamptz := date_trunc('hour', metering_now(), 'UTC');
BEGIN
  IF EXISTS (SELECT FROM plan_prices WHERE plan_id = NEW.id) THEN hour := hour + interval '1 hour'; END IF;
  INSERT INTO plan_prices VALUES (NEW.id, hour, NEW.price) ON CONFLICT (plan_id, valid_from) DO UPDATE SET price = EXCLUDED.price;
  RETURN NULL;
END $$;
CREATE TRIGGER plans_begin_price AFTER INSERT ON plans FOR EACH ROW WHEN (NEW.price IS NOT NULL) EXECUTE FUNCTION plans_keep_price();
CREATE TRIGGER plans_keep_price AFTER UPDATE OF price ON plans FOR EACH ROW
  WHEN (OLD.price IS DISTINCT FROM NEW.price) EXECUTE FUNCTION plans_keep_price();
`;

/** What is billed: histories, records of closed hours, prices. See docs/architecture/metering.md. */
export class Metering1763800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const part of [clock, history, triggers, beginning, records, prices]) await runner.query(part);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX usage_hours_hour;
      DROP TRIGGER servers_begin_history ON servers;
      DROP TRIGGER servers_keep_history ON servers;
      DROP TRIGGER addresses_keep_history ON addresses;
      DROP TRIGGER snapshots_begin_history ON snapshots;
      DROP TRIGGER snapshots_keep_history ON snapshots;
      DROP TRIGGER plans_begin_price ON plans;
      DROP TRIGGER plans_keep_price ON plans;
      DROP TABLE plan_prices, metering_progress, usage_records, snapshot_history, address_history, server_history;
      DROP FUNCTION plans_keep_price, usage_records_stay, snapshots_keep_history, addresses_keep_history, servers_keep_history,
        metering_now;
      ALTER TABLE plans DROP price`);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

// No foreign key to servers: its check would lock their rows, which operations hold for longer than a sample may wait.
// Servers are never deleted as rows.
const samples = `
-- One row a server and sample; partitions of a day, made ahead and dropped by the worker. The columns' order leaves no padding.
CREATE TABLE usage_samples (
  server_number bigint NOT NULL,
  at timestamptz NOT NULL,
  -- Used since the sample before.
  cpu_us bigint NOT NULL CHECK (cpu_us >= 0),
  io_read_bytes bigint NOT NULL CHECK (io_read_bytes >= 0),
  io_write_bytes bigint NOT NULL CHECK (io_write_bytes >= 0),
  net_in_bytes bigint NOT NULL CHECK (net_in_bytes >= 0),
  net_out_bytes bigint NOT NULL CHECK (net_out_bytes >= 0),
  -- Held then; null: not counted, or the server is stopped.
  disk_bytes bigint,
  inodes bigint,
  -- Since the sample before; 0 where there is none.
  span_ms integer NOT NULL CHECK (span_ms >= 0),
  ram_pages integer,
  swap_pages integer,
  num_proc integer,
  PRIMARY KEY (server_number, at)
) PARTITION BY RANGE (at);
-- For the roll-up, which reads an hour of all servers: rows lie in the order of their time.
CREATE INDEX usage_samples_at ON usage_samples USING brin (at) WITH (pages_per_range = 32, autosummarize = on);
`;

const hours = `
-- One row a server and hour in which it was sampled, partitions of a month. What is billed: kept.
CREATE TABLE usage_hours (
  server_number bigint NOT NULL,
  hour timestamptz NOT NULL CHECK (hour = date_trunc('hour', hour, 'UTC')),
  -- Sums of the samples taken in the hour.
  cpu_us bigint NOT NULL,
  io_read_bytes bigint NOT NULL,
  io_write_bytes bigint NOT NULL,
  net_in_bytes bigint NOT NULL,
  net_out_bytes bigint NOT NULL,
  -- Time that the samples tell of, and how much of it the server ran.
  span_ms bigint NOT NULL,
  up_ms bigint NOT NULL,
  -- Sums, to be divided by the number of samples that have the figure; and the highest.
  ram_bytes_sum numeric NOT NULL,
  swap_bytes_sum numeric NOT NULL,
  disk_bytes_sum numeric NOT NULL,
  inodes_sum numeric NOT NULL,
  num_proc_sum bigint NOT NULL,
  ram_bytes_max bigint,
  swap_bytes_max bigint,
  disk_bytes_max bigint,
  inodes_max bigint,
  samples integer NOT NULL CHECK (samples > 0),
  num_proc_max integer,
  ram_samples integer NOT NULL,
  swap_samples integer NOT NULL,
  disk_samples integer NOT NULL,
  inodes_samples integer NOT NULL,
  num_proc_samples integer NOT NULL,
  PRIMARY KEY (server_number, hour)
) PARTITION BY RANGE (hour);
`;

const state = `
-- The last sample of each server: what the next is held against. Room in the pages for its next version (HOT).
CREATE TABLE usage_counters (
  server_number bigint PRIMARY KEY,
  host_id uuid NOT NULL,
  boot text,
  at timestamptz NOT NULL,
  -- By the host's clock.
  host_at timestamptz NOT NULL,
  -- { resource: [held, maxheld, barrier, limit, failcnt] } as the host counts.
  counters jsonb NOT NULL,
  -- { resource: {held, maxheld, failcnt} } that this host doesn't know of.
  carried jsonb NOT NULL
) WITH (fillfactor = 50);

-- When each host is sampled next, and who does it. A claim's number is its fence.
CREATE TABLE usage_hosts (
  host_id uuid PRIMARY KEY REFERENCES hosts(id),
  due_at timestamptz NOT NULL DEFAULT now(),
  claim bigint NOT NULL DEFAULT 0,
  claimed_until timestamptz NOT NULL DEFAULT '-infinity',
  sampled_at timestamptz,
  failures integer NOT NULL DEFAULT 0,
  last_error text
) WITH (fillfactor = 50);
CREATE INDEX usage_hosts_due ON usage_hosts (due_at);

CREATE TABLE usage_progress (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  -- Servers made before are counted from their first sample on.
  since timestamptz NOT NULL DEFAULT now(),
  -- No sample is written with an earlier time any more.
  closed_to timestamptz NOT NULL DEFAULT date_trunc('hour', now(), 'UTC'),
  -- Hours before are in usage_hours.
  rolled_up_to timestamptz NOT NULL DEFAULT date_trunc('hour', now(), 'UTC'),
  CHECK (rolled_up_to <= closed_to)
);
INSERT INTO usage_progress DEFAULT VALUES;
`;

/** What servers use: samples, hours, and what the sampler works with. See docs/architecture/usage.md. */
export class Usage1763660400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const part of [samples, hours, state]) await runner.query(part);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE usage_progress, usage_hosts, usage_counters, usage_hours, usage_samples');
  }
}

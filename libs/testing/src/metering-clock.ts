import type { DataSource } from 'typeorm';

const SETUP = `
  CREATE TABLE test_clock (now timestamptz NOT NULL);
  INSERT INTO test_clock VALUES ('-infinity');
  CREATE OR REPLACE FUNCTION metering_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ SELECT now FROM test_clock $$`;

/** Stops the clock that histories of this database are written by; it is moved by `set`, or by SQL in table `test_clock`. */
export async function useMeteringClock(dataSource: DataSource): Promise<{ set(now: Date): Promise<void> }> {
  await dataSource.query(SETUP);
  return {
    set: async (now) => {
      await dataSource.query('UPDATE test_clock SET now = $1', [now]);
    },
  };
}

/** As if metering had begun at this full hour, which may be any. */
export async function beginMeteringAt(dataSource: DataSource, hour: Date): Promise<void> {
  await dataSource.query(`UPDATE usage_progress SET rolled_up_to = $1, closed_to = $1, since = $1`, [hour]);
  await dataSource.query(`UPDATE metering_progress SET metered_to = $1, seen = pg_current_snapshot()`, [
    hour,
  ]);
}

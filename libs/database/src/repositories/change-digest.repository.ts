import type { DataSource } from 'typeorm';
import { prepared } from '../prepared';

/** What changes without an event or audit event, as texts that differ when it does. */
export interface ChangeDigest {
  /** Of each operation under way. */
  operations: Map<string, string>;
  hosts: string;
  drift: string;
}

const OPERATIONS = (which: string) => `
  SELECT o.id, concat_ws(' ', o.status, o.progress, o.attempt, o.direction, o.waits_for, o.cancel_requested_at,
                         hashtext(o.result::text), steps.digest) AS digest
    FROM operations o CROSS JOIN LATERAL (
      SELECT hashtext(string_agg(concat_ws(' ', s.status, s.attempt, s.started_at, s.finished_at), ',')) AS digest
        FROM operation_steps s WHERE s.operation_id = o.id) steps
   WHERE o.status IN ('pending','running') AND o.waits_for ${which}`;

// Two halves, each with its own partial index: nothing is read of the operations that have ended.
const DIGEST = prepared(
  'change_digest',
  `SELECT (SELECT coalesce(jsonb_object_agg(id, digest), '{}') FROM (${OPERATIONS('IS NULL')} UNION ALL ${OPERATIONS('IS NOT NULL')}) o)
            AS operations,
          (SELECT md5(coalesce(string_agg(concat_ws(' ', id, state, reachable, last_error, used_servers, used_cpus, used_ram_bytes,
                  used_disk_bytes), ',' ORDER BY id), '')) FROM hosts WHERE state <> 'removed') AS hosts,
          (SELECT concat_ws(' ', count(*), max(found_at)) FROM drift_findings WHERE resolved_at IS NULL) AS drift`,
);

export async function readChangeDigest(dataSource: DataSource): Promise<ChangeDigest> {
  const [row]: { operations: Record<string, string>; hosts: string; drift: string }[] =
    await dataSource.query(DIGEST, []);
  return { ...row!, operations: new Map(Object.entries(row!.operations)) };
}

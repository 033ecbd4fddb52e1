import type { EntityManager } from 'typeorm';
import { newId } from '../new-id';

export interface DriftReport {
  kind: 'unknown_container' | 'missing_container' | 'undo_failed';
  hostId: string;
  /** Container's id: with host and kind it tells whether the finding is a new one. */
  subject: string;
  serverId?: string | null;
  operationId?: string | null;
  message: string;
  details?: Record<string, unknown>;
}

/** Opens a finding, or marks the open one as seen again. */
export async function reportDrift(em: EntityManager, report: DriftReport): Promise<void> {
  await em.query(
    `INSERT INTO drift_findings (id, kind, host_id, server_id, operation_id, subject, message, details) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)
     ON CONFLICT (host_id, kind, subject) WHERE resolved_at IS NULL DO UPDATE SET last_seen_at = now(), message = EXCLUDED.message`,
    [
      newId(),
      report.kind,
      report.hostId,
      report.serverId ?? null,
      report.operationId ?? null,
      report.subject,
      report.message,
      report.details ?? {},
    ],
  );
}

/** Closes the host's open findings of a kind whose subject is not among those still seen. */
export async function resolveDrift(
  em: EntityManager,
  hostId: string,
  kind: DriftReport['kind'],
  stillSeen: readonly string[],
): Promise<void> {
  await em.query(
    `UPDATE drift_findings SET resolved_at = now() WHERE host_id = $1 AND kind = $2 AND resolved_at IS NULL AND NOT (subject = ANY ($3::text[]))`,
    [hostId, kind, [...stillSeen]],
  );
}

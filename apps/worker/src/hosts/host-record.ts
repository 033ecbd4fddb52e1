import type { DriverName, HostState } from '@berth/contracts';

/** What it takes to reach a host: the part of its row that a worker works with. */
export interface HostRecord {
  id: string;
  name: string;
  driver: DriverName;
  address: string;
  port: number;
  user: string;
  hostKeyFingerprint: string | null;
  /** For simulated hosts null. */
  privateKeySealed: string | null;
  state: HostState;
  /** Boot that the database knows of; null before the first. */
  bootId: string | null;
  /** Grows with every change that somebody makes to the host (µs of `updated_at`). */
  version: number;
}

/** SQL giving a HostRecord as one JSON value of the row named `alias`. */
export function hostRecordSql(alias: string): string {
  const column = (field: string, name: string) => `'${field}', ${alias}.${name}`;
  return `jsonb_build_object(${[
    column('id', 'id'),
    column('name', 'name'),
    column('driver', 'driver'),
    column('address', 'address'),
    column('port', 'port'),
    column('user', '"user"'),
    column('hostKeyFingerprint', 'host_key_fingerprint'),
    column('privateKeySealed', 'private_key_sealed'),
    column('state', 'state'),
    column('bootId', 'boot_id'),
    `'version', (extract(epoch FROM ${alias}.updated_at) * 1000000)::bigint`,
  ].join(', ')})`;
}

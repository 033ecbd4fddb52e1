import type { ContainerState } from './container-state';

/** Names a snapshot or a migration on hosts: lower-case letters, digits and dashes, at most 64 (a uuid fits). */
export type SnapshotId = string;
export type MigrationId = string;

export interface SnapshotSummary {
  id: SnapshotId;
  /** Milliseconds since 1970 by the host's clock. */
  createdAt: number;
  /** Whether it holds the running processes too. */
  memory: boolean;
  /** What the server's disk used when it was taken, bytes, and the memory's images; what a full copy would take. */
  sizeBytes: number;
  /** What goes back to the pool if it alone is deleted, bytes; null where that can't be told. */
  exclusiveBytes: number | null;
}

/**
 * `live`: processes and connections go on. `near_live`: a short stop between copies made while it runs. `offline`: it is
 * stopped, or will be, before the first copy. A stopped container goes by any of them and stays stopped.
 */
export type MigrationMode = 'live' | 'near_live' | 'offline';

/** What the source tells the target, by way of the control plane. */
export interface MigrationOffer {
  migrationId: MigrationId;
  /** Of a key made on the source for this migration; its other half never leaves that host. */
  publicKey: string;
  /** The source's description of the container; of its driver's own form. */
  manifest: string;
  /** Of its disk, snapshots included, and its memory now. */
  diskBytes: number;
  memoryBytes: number;
}

/** How the source gets into the target, for this migration only. */
export interface MigrationGrant {
  /** Lines as of known_hosts, without the name: `ssh-ed25519 AAAA…`. */
  hostKeys: string[];
}

/** How a container was left at its source. */
export interface HandedOver {
  /** Sent by the hand-over. */
  bytes: number;
  running: boolean;
  /** Milliseconds for which nothing of it had run when this was answered; 0 where nothing ran before. */
  stillForMs: number;
}

/** How a container goes on at its new host. */
export interface TakenOver {
  state: ContainerState;
  /** Milliseconds for which its processes had been going on when this was answered; null where they were not restored. */
  resumedAgoMs: number | null;
}

export interface MigrationPeer {
  address: string;
  port: number;
  user: string;
}

export interface TransferOptions {
  migrationId: MigrationId;
  /** Bits a second over the network; none is no limit. */
  bandwidthBps?: number;
  /** Bytes sent by this call so far, about twice a second. */
  onProgress?: (bytes: number) => void;
}

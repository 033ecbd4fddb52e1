import { isIP } from 'node:net';
import type { ContainerId, ContainerState, MutationOptions } from '../container-runtime';
import type {
  HandedOver,
  MigrationGrant,
  MigrationId,
  MigrationMode,
  MigrationOffer,
  MigrationPeer,
  TakenOver,
  TransferOptions,
} from '../snapshot-and-migration';
import * as check from '../validation';
import { LxcSnapshots } from './lxc-snapshots';

const TRANSFER_TIMEOUT_MS = 24 * 3_600_000;
const PROGRESS = /^berth-progress: (\d+)$/;
const PUBLIC_KEY = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp\d{3}) [A-Za-z0-9+/=]{16,16384}$/;

type Numbered = { migrationId: MigrationId };

/** Both ends of a migration: host/migration.sh. */
export abstract class LxcMigrations extends LxcSnapshots {
  async openMigration(
    id: ContainerId,
    { migrationId, mode }: Numbered & { mode: MigrationMode },
    options: MutationOptions,
  ): Promise<MigrationOffer> {
    const fields = parseFields(await this.migrate('open_migration', id, migrationId, options, [mode]));
    return {
      migrationId,
      publicKey: fields.get('key') ?? '',
      manifest: fields.get('manifest') ?? '',
      diskBytes: Number(fields.get('disk')),
      memoryBytes: Number(fields.get('memory')),
    };
  }

  async acceptMigration(
    id: ContainerId,
    offer: MigrationOffer,
    options: MutationOptions & { from: string; mode: MigrationMode },
  ): Promise<MigrationGrant> {
    const { host } = this.connection;
    if (!PUBLIC_KEY.test(offer.publicKey)) check.rejectInput(host, 'the key of a migration is none');
    if (!isIP(options.from)) check.rejectInput(host, `${JSON.stringify(options.from)} is not an address`);
    const args = [options.mode, options.from, String(offer.diskBytes), String(offer.memoryBytes)];
    const parts = [offer.publicKey, offer.manifest];
    const output = await this.migrate('accept_migration', id, offer.migrationId, options, args, parts);
    return {
      hostKeys: output
        .trim()
        .split('\n')
        .filter((line) => PUBLIC_KEY.test(line)),
    };
  }

  async connectMigration(
    id: ContainerId,
    { migrationId, peer, grant }: Numbered & { peer: MigrationPeer; grant: MigrationGrant },
    options: MutationOptions,
  ): Promise<void> {
    const { host } = this.connection;
    if (!isIP(peer.address)) check.rejectInput(host, `${JSON.stringify(peer.address)} is not an address`);
    if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(peer.user))
      check.rejectInput(host, 'the user of a migration is none');
    if (!grant.hostKeys.length || !grant.hostKeys.every((key) => PUBLIC_KEY.test(key)))
      check.rejectInput(host, 'the target of a migration has shown no host keys');
    const args = [peer.address, String(peer.port), peer.user];
    const parts = [grant.hostKeys.map((key) => `${key}\n`).join('')];
    await this.migrate('connect_migration', id, migrationId, options, args, parts);
  }

  sendDisk(id: ContainerId, transfer: TransferOptions, options: MutationOptions) {
    return this.send('send_disk', id, transfer, options);
  }

  sendMemory(id: ContainerId, transfer: TransferOptions, options: MutationOptions) {
    return this.send('send_memory', id, transfer, options);
  }

  async handOver(
    id: ContainerId,
    transfer: TransferOptions & { mode: MigrationMode; timeoutMs?: number },
    options: MutationOptions,
  ): Promise<HandedOver> {
    const { migrationId, mode, timeoutMs = 60_000 } = transfer;
    const args = [bytesPerSecond(transfer), mode, (timeoutMs / 1000).toFixed(3)];
    const output = await this.migrate('hand_over', id, migrationId, withProgress(transfer, options), args);
    const fields = parseFields(output);
    const running = fields.get('running') === '1';
    return {
      bytes: Number(fields.get('bytes')),
      running,
      stillForMs: running ? Number(fields.get('still')) : 0,
    };
  }

  async prepareTakeOver(id: ContainerId, { migrationId }: Numbered, options: MutationOptions): Promise<void> {
    await this.migrate('prepare_take_over', id, migrationId, options);
  }

  async takeOver(id: ContainerId, { migrationId }: Numbered, options: MutationOptions): Promise<TakenOver> {
    const fields = parseFields(await this.migrate('take_over', id, migrationId, options));
    const resumed = fields.get('resumed');
    return {
      state: fields.get('state') as ContainerState,
      resumedAgoMs: resumed === undefined ? null : Number(resumed),
    };
  }

  async rejectMigration(
    id: ContainerId,
    { migrationId }: Numbered,
    options: MutationOptions,
  ): Promise<'removed' | 'taken_over'> {
    const answer = (await this.migrate('reject_migration', id, migrationId, options)).trim();
    return answer === 'taken_over' ? answer : 'removed';
  }

  async closeMigration(id: ContainerId, { migrationId }: Numbered, options: MutationOptions): Promise<void> {
    await this.migrate('close_migration', id, migrationId, options);
  }

  async resumeSource(
    id: ContainerId,
    { migrationId }: Numbered,
    options: MutationOptions,
  ): Promise<ContainerState> {
    return (await this.migrate('resume_source', id, migrationId, options)).trim() as ContainerState;
  }

  async dropSource(
    id: ContainerId,
    { migrationId, forwardTo }: Numbered & { forwardTo: string },
    options: MutationOptions,
  ): Promise<void> {
    if (!isIP(forwardTo))
      check.rejectInput(this.connection.host, `${JSON.stringify(forwardTo)} is not an address`);
    await this.migrate('drop_source', id, migrationId, options, [forwardTo]);
  }

  private async send(
    verb: 'send_disk' | 'send_memory',
    id: ContainerId,
    transfer: TransferOptions,
    options: MutationOptions,
  ): Promise<{ round: number; bytes: number }> {
    const args = [bytesPerSecond(transfer)];
    const { migrationId } = transfer;
    const fields = parseFields(
      await this.migrate(verb, id, migrationId, withProgress(transfer, options), args),
    );
    return { round: Number(fields.get('round')), bytes: Number(fields.get('bytes')) };
  }

  private migrate(
    verb: string,
    id: ContainerId,
    migrationId: MigrationId,
    options: MutationOptions,
    args: string[] = [],
    parts: string[] = [],
  ): Promise<string> {
    check.assertName(this.connection.host, 'migration', migrationId);
    const timeoutMs = TRANSFER_TIMEOUT_MS;
    return this.mutate(verb, id, options, { args: [migrationId, ...args], parts, timeoutMs });
  }
}

/** 0 is no limit. */
function bytesPerSecond({ bandwidthBps }: TransferOptions): string {
  return String(bandwidthBps ? Math.max(1, Math.floor(bandwidthBps / 8)) : 0);
}

function withProgress({ onProgress }: TransferOptions, options: MutationOptions): MutationOptions {
  const onLog = (line: string) => {
    const [, bytes] = PROGRESS.exec(line) ?? [];
    if (bytes) onProgress?.(Number(bytes));
    else options.onLog?.(line);
  };
  return { ...options, onLog };
}

function parseFields(output: string): Map<string, string> {
  const lines = output.trim().split('\n');
  return new Map(lines.map((line) => [line.split(' ', 1)[0]!, line.slice(line.indexOf(' ') + 1)]));
}

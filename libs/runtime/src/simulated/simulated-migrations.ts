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
import { SimulatedHost } from './simulated-fleet';
import { SimulatedSnapshots } from './simulated-snapshots';
import type { SimulatedArrival, SimulatedContainer, SimulatedDeparture } from './simulated-state';
import { diskUse, halted, isUp, launched, memoryUse, secondsUp } from './simulated-usage';

/** Migrations between simulated hosts of one fleet. A host's key, in the grant, is how the source finds the target. */
export abstract class SimulatedMigrations extends SimulatedSnapshots {
  async openMigration(
    id: ContainerId,
    { migrationId, mode }: { migrationId: MigrationId; mode: MigrationMode },
    options: MutationOptions,
  ): Promise<MigrationOffer> {
    check.assertName(this.name, 'migration', migrationId);
    let offer: MigrationOffer | undefined;
    await this.mutateExisting('openMigration', id, options, (container) => {
      this.require(mode === 'live' ? 'migrate:live' : 'migrate:offline');
      this.assertNotLeaving(container, `migrate ${id}`);
      offer = {
        migrationId,
        publicKey: `ssh-ed25519 AAAA ${migrationId}`,
        manifest: JSON.stringify({ id }),
        diskBytes: diskUse(container),
        memoryBytes: isUp(container) ? memoryUse(container) : 0,
      };
      return { ...container, departure: { migrationId, mode, peer: null, rounds: 0, was: null } };
    });
    return offer!;
  }

  async acceptMigration(
    id: ContainerId,
    { migrationId, diskBytes }: MigrationOffer,
    options: MutationOptions & { from: string; mode: MigrationMode },
  ): Promise<MigrationGrant> {
    check.assertName(this.name, 'migration', migrationId);
    await this.mutate('acceptMigration', id, options, async (container) => {
      const action = `accept ${id}`;
      this.require(options.mode === 'live' ? 'migrate:live' : 'migrate:offline');
      if (container) throw this.error('conflict', action, `there is a container ${id} already`);
      const { diskBytes: size } = this.machine.record();
      const used = this.machine.containers().reduce((sum, one) => sum + (one.spec.limits.disk_bytes ?? 0), 0);
      if (used + diskBytes > size) throw this.error('no_space', action, 'its disk is full');
      const { fence } = options;
      await this.putArrival(id, { migrationId, fence, container: null, running: false });
      return null;
    });
    return { hostKeys: [this.machine.key] };
  }

  connectMigration(
    id: ContainerId,
    migration: { migrationId: MigrationId; peer: MigrationPeer; grant: MigrationGrant },
    options: MutationOptions,
  ): Promise<void> {
    return this.mutateExisting('connectMigration', id, options, (container) => {
      const departure = this.departureOf(container, migration.migrationId, `connect ${id}`);
      const peer = migration.grant.hostKeys[0]!;
      this.peer(peer, `connect ${id}`);
      return { ...container, departure: { ...departure, peer } };
    });
  }

  sendDisk(id: ContainerId, transfer: TransferOptions, options: MutationOptions) {
    return this.send('sendDisk', id, transfer, options, diskUse);
  }

  sendMemory(id: ContainerId, transfer: TransferOptions, options: MutationOptions) {
    return this.send('sendMemory', id, transfer, options, (container) => {
      this.require('migrate:memory_precopy');
      return memoryUse(container);
    });
  }

  async handOver(
    id: ContainerId,
    transfer: TransferOptions & { mode: MigrationMode; timeoutMs?: number },
    options: MutationOptions,
  ): Promise<HandedOver> {
    let bytes = 0;
    let running = false;
    await this.mutateExisting('handOver', id, options, async (container) => {
      const action = `hand ${id} over`;
      const departure = this.departureOf(container, transfer.migrationId, action);
      const peer = this.peer(departure.peer, action);
      const was = departure.was ?? container.state;
      const leaving = isUp(container) ? this.leave(container, transfer.mode) : container;
      running = was === 'running' || was === 'frozen';
      bytes = memoryUse(container);
      const next = { ...leaving, departure: { ...departure, mode: transfer.mode, was } };
      await peer.change((record) => {
        const arrival = record.incoming?.[id];
        if (arrival?.migrationId !== transfer.migrationId) {
          throw this.error('peer_unreachable', action, 'the target lets it in no more');
        }
        arrival.container = { ...structuredClone(next), departure: null };
        arrival.running = running;
      });
      transfer.onProgress?.(bytes);
      return next;
    });
    return { bytes, running, stillForMs: 0 };
  }

  prepareTakeOver(
    id: ContainerId,
    { migrationId }: { migrationId: MigrationId },
    options: MutationOptions,
  ): Promise<void> {
    return this.mutate('prepareTakeOver', id, options, (container) => {
      if (this.machine.record().incoming?.[id]?.migrationId !== migrationId)
        throw this.error(
          'not_found',
          `prepare for ${id}`,
          `nothing of it has come in migration ${migrationId}`,
        );
      return container;
    });
  }

  async takeOver(
    id: ContainerId,
    { migrationId }: { migrationId: MigrationId },
    options: MutationOptions,
  ): Promise<TakenOver> {
    let state: ContainerState = 'stopped';
    await this.mutate('takeOver', id, options, async (current) => {
      const action = `take ${id} over`;
      if (current?.arrivedBy === migrationId) {
        state = current.state;
        return current;
      }
      const arrival = this.machine.record().incoming?.[id];
      if (arrival?.migrationId !== migrationId || !arrival.container) {
        throw this.error('not_found', action, `it has not been handed over in migration ${migrationId}`);
      }
      const next = this.arrived(arrival, migrationId);
      await this.forgetArrival(id);
      state = next.state;
      return next;
    });
    return { state, resumedAgoMs: null };
  }

  async rejectMigration(
    id: ContainerId,
    { migrationId }: { migrationId: MigrationId },
    options: MutationOptions,
  ): Promise<'removed' | 'taken_over'> {
    let answer: 'removed' | 'taken_over' = 'removed';
    await this.mutate('rejectMigration', id, options, async (container) => {
      answer = container?.arrivedBy === migrationId ? 'taken_over' : 'removed';
      if (this.machine.record().incoming?.[id]?.migrationId === migrationId) await this.forgetArrival(id);
      return container;
    });
    return answer;
  }

  closeMigration(
    id: ContainerId,
    _migration: { migrationId: MigrationId },
    options: MutationOptions,
  ): Promise<void> {
    return this.mutate('closeMigration', id, options, (container) => container);
  }

  async resumeSource(
    id: ContainerId,
    { migrationId }: { migrationId: MigrationId },
    options: MutationOptions,
  ): Promise<ContainerState> {
    let state: ContainerState = 'stopped';
    await this.mutateExisting('resumeSource', id, options, (container) => {
      const { departure } = container;
      let next: SimulatedContainer = { ...container, departure: null };
      if (
        departure?.migrationId === migrationId &&
        (departure.was === 'running' || departure.was === 'frozen')
      ) {
        this.moveAddresses([], next);
        next = launched(next, next.checkpointSeconds ?? 0);
      }
      state = next.state;
      return next;
    });
    return state;
  }

  dropSource(
    id: ContainerId,
    migration: { migrationId: MigrationId; forwardTo: string },
    options: MutationOptions,
  ): Promise<void> {
    return this.mutate('dropSource', id, options, (container) => {
      if (!container) return null;
      if (!this.departureOf(container, migration.migrationId, `drop ${id}`).was) {
        throw this.error('conflict', `drop ${id}`, 'it has not been handed over');
      }
      return null;
    });
  }

  protected forgetArrival(id: ContainerId): Promise<void> {
    return this.putArrival(id, undefined);
  }

  private putArrival(id: ContainerId, arrival: SimulatedArrival | undefined): Promise<void> {
    return this.machine.change((record) => {
      const { [id]: _old, ...others } = record.incoming ?? {};
      record.incoming = arrival ? { ...others, [id]: arrival } : others;
    });
  }

  private async send(
    method: 'sendDisk' | 'sendMemory',
    id: ContainerId,
    transfer: TransferOptions,
    options: MutationOptions,
    size: (container: SimulatedContainer) => number,
  ): Promise<{ round: number; bytes: number }> {
    let sent = { round: 0, bytes: 0 };
    await this.mutateExisting(method, id, options, (container) => {
      const departure = this.departureOf(container, transfer.migrationId, `send ${id}`);
      this.peer(departure.peer, `send ${id}`);
      const rounds = departure.rounds + 1;
      sent = { round: rounds, bytes: Math.ceil(size(container) / 10 ** (rounds - 1)) };
      transfer.onProgress?.(sent.bytes);
      return { ...container, departure: { ...departure, rounds } };
    });
    return sent;
  }

  /** Its processes stand still here, or have ended; its addresses are free. */
  private leave(container: SimulatedContainer, mode: MigrationMode): SimulatedContainer {
    this.releaseAddresses(container);
    const checkpointSeconds = mode === 'live' ? secondsUp(container, Date.now()) : null;
    const state = mode === 'live' ? 'checkpointed' : 'stopped';
    return { ...halted(container), state, checkpointSeconds };
  }

  private arrived({ container, running, fence }: SimulatedArrival, arrivedBy: string): SimulatedContainer {
    const here = { ...container!, state: 'stopped' as const, fence, arrivedBy };
    if (!running) return { ...here, state: container!.state };
    this.moveAddresses([], here);
    return launched(here, here.checkpointSeconds ?? 0);
  }

  private departureOf(
    container: SimulatedContainer,
    migrationId: MigrationId,
    action: string,
  ): SimulatedDeparture {
    if (container.departure?.migrationId === migrationId) return container.departure;
    throw this.error('not_found', action, `migration ${migrationId} has not been opened here`);
  }

  private peer(key: string | null, action: string): SimulatedHost {
    const host = key === null ? null : new SimulatedHost(key, this.machine.store);
    const record = host?.record();
    if (host && record?.powered && !record.cut) return host;
    throw this.error(
      'peer_unreachable',
      action,
      `the host ${key ?? 'to send to'} cannot be reached from here`,
    );
  }
}

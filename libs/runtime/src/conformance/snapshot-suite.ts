import type { Capability } from '@berth/contracts';
import type { ContainerRuntime, ContainerSpec } from '../container-runtime';
import { expectCode } from './conformance-suite';
import type { ConformanceHarness } from './conformance-harness';

/** Freezing, checkpoints, snapshots and clones, of drivers whose host has them. Beside `describeConformance`. */
export function describeSnapshots(driver: string, open: () => Promise<ConformanceHarness>): void {
  describe(`${driver}: freezing, checkpoints, snapshots, clones`, () => {
    let harness: ConformanceHarness;
    let runtime: ContainerRuntime;
    let capabilities: readonly Capability[];
    const made: string[] = [];
    const one = { fence: 1 };

    const newSpec = (change?: Partial<ContainerSpec>) => {
      const spec = harness.newSpec(change);
      made.push(spec.id);
      return spec;
    };
    const created = async (start: boolean) => {
      const spec = newSpec();
      await runtime.create(spec, { ...one, start });
      return spec;
    };
    const listed = async (id: string) =>
      (await runtime.snapshotHost()).containers.find((container) => container.id === id)?.state ?? null;
    /** True where the host can't; it must say so then. */
    const lacks = async (capability: Capability, attempt: (id: string) => Promise<unknown>) => {
      if (capabilities.includes(capability)) return false;
      const { id } = await created(true);
      const { details } = await expectCode(attempt(id), 'unsupported');
      expect(details.capability).toBe(capability);
      return true;
    };

    beforeAll(async () => {
      harness = await open();
      runtime = harness.runtime;
      await runtime.prepareHost();
      await runtime.ensureTemplate(harness.image, harness.open);
      ({ capabilities } = await runtime.inspectHost());
    });
    afterEach(async () => {
      for (const id of made.splice(0)) await runtime.destroy(id, { fence: 1_000_000 });
    });
    afterAll(() => harness?.close());

    it('freezes and unfreezes, each twice; nothing runs in between', async () => {
      const { id } = await created(true);
      for (let turn = 0; turn < 2; turn++) await runtime.freeze(id, one);
      expect([(await runtime.inspect(id))?.state, await listed(id)]).toEqual(['frozen', 'frozen']);
      await expectCode(runtime.exec(id, ['true'], { timeoutMs: 5000 }), 'not_running');
      for (let turn = 0; turn < 2; turn++) await runtime.unfreeze(id, one);
      expect([(await runtime.inspect(id))?.state, await listed(id)]).toEqual(['running', 'running']);
      expect((await runtime.exec(id, ['true'], { timeoutMs: 5000 })).exitCode).toBe(0);
    });

    it.each(['stop', 'kill', 'destroy', 'start'] as const)('%s works on a frozen container', async (verb) => {
      const { id } = await created(true);
      await runtime.freeze(id, one);
      if (verb === 'stop') await runtime.stop(id, { ...one, timeoutMs: 15_000 });
      else await runtime[verb](id, one);
      expect(await listed(id)).toBe(
        { stop: 'stopped', kill: 'stopped', destroy: null, start: 'running' }[verb],
      );
    });

    it('changes the settings of a frozen container', async () => {
      const { id, addresses } = await created(true);
      await runtime.freeze(id, one);
      await runtime.setHostname(id, 'cold', one);
      await runtime.setDns(id, { nameservers: ['192.0.2.1'], search: [] }, one);
      await runtime.setRootPassword(id, 'a secret', one);
      await runtime.setSshKeys(id, [], one);
      await runtime.setAddresses(id, addresses, one);
      await runtime.applyLimits(id, { num_proc: 99 }, one);
      expect(await runtime.inspect(id)).toMatchObject({ state: 'frozen', limits: { num_proc: 99 } });
      await runtime.unfreeze(id, one);
      expect((await runtime.exec(id, ['hostname'], { timeoutMs: 5000 })).stdout).toBe('cold\n');
    });

    it('does not freeze, unfreeze, checkpoint or restore what is stopped or absent', async () => {
      const { id } = await created(false);
      for (const verb of ['freeze', 'unfreeze', 'checkpoint', 'restore'] as const) {
        if (!capabilities.includes('checkpoint') && verb === 'checkpoint') continue;
        await expectCode(runtime[verb](id, one), 'not_running');
        await expectCode(runtime[verb](newSpec().id, one), 'not_found');
      }
    });

    it('refuses an old fence', async () => {
      const spec = newSpec();
      await runtime.create(spec, { fence: 5 });
      const old = { fence: 4 };
      await expectCode(runtime.freeze(spec.id, old), 'fenced');
      await expectCode(runtime.unfreeze(spec.id, old), 'fenced');
      await expectCode(runtime.checkpoint(spec.id, old), 'fenced');
      await expectCode(runtime.restore(spec.id, old), 'fenced');
      await expectCode(runtime.createSnapshot(spec.id, 'a', old), 'fenced');
      await expectCode(runtime.rollbackSnapshot(spec.id, 'a', old), 'fenced');
      await expectCode(runtime.deleteSnapshot(spec.id, 'a', old), 'fenced');
      expect(await runtime.listSnapshots(spec.id)).toEqual([]);
    });

    it('checkpoints and restores, each twice', async () => {
      if (await lacks('checkpoint', (id) => runtime.checkpoint(id, one))) return;
      const { id } = await created(true);
      const { boot } = await runtime.beancounters(id);
      for (let turn = 0; turn < 2; turn++) await runtime.checkpoint(id, one);
      expect(await runtime.inspect(id)).toMatchObject({ state: 'checkpointed', pid: null });
      expect(await listed(id)).toBe('checkpointed');
      await expectCode(runtime.exec(id, ['true'], { timeoutMs: 5000 }), 'not_running');
      await expectCode(runtime.freeze(id, one), 'not_running');
      for (let turn = 0; turn < 2; turn++) await runtime.restore(id, one);
      expect([(await runtime.inspect(id))?.state, await listed(id)]).toEqual(['running', 'running']);
      expect((await runtime.exec(id, ['true'], { timeoutMs: 5000 })).exitCode).toBe(0);
      expect(boot).toBeTruthy();
    });

    it.each(['stop', 'kill', 'destroy', 'start'] as const)('%s works on a checkpoint', async (verb) => {
      if (!capabilities.includes('checkpoint')) return;
      const { id } = await created(true);
      await runtime.freeze(id, one);
      await runtime.checkpoint(id, one);
      if (verb === 'stop') await runtime.stop(id, { ...one, timeoutMs: 1000 });
      else await runtime[verb](id, one);
      expect(await listed(id)).toBe(
        { stop: 'stopped', kill: 'stopped', destroy: null, start: 'running' }[verb],
      );
      if (verb === 'stop') await expectCode(runtime.restore(id, one), 'not_running');
    });

    it.each([false, true])(
      'takes snapshots, rolls back and deletes them, each twice (running: %s)',
      async (up) => {
        if (await lacks('snapshots', (id) => runtime.createSnapshot(id, 'a', one))) return;
        const { id } = await created(up);
        const state = up ? 'running' : 'stopped';
        const first = await runtime.createSnapshot(id, 'first', one);
        expect(await runtime.createSnapshot(id, 'first', one)).toMatchObject({
          ...first,
          exclusiveBytes: expect.anything(),
        });
        await runtime.createSnapshot(id, 'second', one);
        const before = await runtime.listSnapshots(id);
        expect(before.map((snapshot) => snapshot.id)).toEqual(['first', 'second']);
        expect(before[0]).toMatchObject({ createdAt: first.createdAt, memory: false });
        expect(before[0]!.sizeBytes).toBeGreaterThanOrEqual(0);
        for (let turn = 0; turn < 2; turn++)
          expect(await runtime.rollbackSnapshot(id, 'first', one)).toBe(state);
        expect(await listed(id)).toBe(state);
        for (let turn = 0; turn < 2; turn++) await runtime.deleteSnapshot(id, 'first', one);
        expect((await runtime.listSnapshots(id)).map((snapshot) => snapshot.id)).toEqual(['second']);
        await expectCode(runtime.rollbackSnapshot(id, 'first', one), 'not_found');
        expect(await listed(id)).toBe(state);
      },
    );

    it('brings the processes back with a snapshot of memory', async () => {
      if (await lacks('snapshots:memory', (id) => runtime.createSnapshot(id, 'm', { ...one, memory: true })))
        return;
      const { id } = await created(true);
      expect(await runtime.createSnapshot(id, 'm', { ...one, memory: true })).toMatchObject({ memory: true });
      expect(await listed(id)).toBe('running');
      await runtime.stop(id, { ...one, timeoutMs: 15_000 });
      expect(await runtime.rollbackSnapshot(id, 'm', one)).toBe('running');
      expect((await runtime.exec(id, ['true'], { timeoutMs: 5000 })).exitCode).toBe(0);
      expect(await runtime.rollbackSnapshot(id, 'm', { ...one, memory: false })).toBe('running');
      await runtime.kill(id, one);
      // A stopped one has no processes to hold.
      expect(await runtime.createSnapshot(id, 'n', { ...one, memory: true })).toMatchObject({
        memory: false,
      });
    });

    it.each(['a snapshot', 'a running container'])('clones %s, twice', async (what) => {
      const origin = what === 'a snapshot' ? 's' : null;
      const source = { id: '', snapshotId: origin };
      if (await lacks('clone', (id) => runtime.clone({ ...source, id }, newSpec(), one))) return;
      source.id = (await created(true)).id;
      if (origin) await runtime.createSnapshot(source.id, origin, one);
      const spec = newSpec({ hostname: 'copy' });
      for (let turn = 0; turn < 2; turn++) await runtime.clone(source, spec, { ...one, start: true });
      expect(await runtime.inspect(spec.id)).toMatchObject({ state: 'running', hostname: 'copy' });
      expect((await runtime.exec(spec.id, ['hostname'], { timeoutMs: 5000 })).stdout).toBe('copy\n');
      await runtime.destroy(source.id, one);
      expect(await listed(spec.id)).toBe('running');
      expect(await runtime.listSnapshots(spec.id)).toEqual([]);
    });

    it('does not clone what is not there, nor take names that are none', async () => {
      const { id } = await created(false);
      await expectCode(runtime.clone({ id, snapshotId: 'none' }, newSpec(), one), 'not_found');
      await expectCode(runtime.clone({ id: newSpec().id, snapshotId: null }, newSpec(), one), 'not_found');
      await expectCode(runtime.createSnapshot(newSpec().id, 'a', one), 'not_found');
      await expectCode(runtime.listSnapshots(newSpec().id), 'not_found');
      await runtime.deleteSnapshot(newSpec().id, 'a', one);
      for (const name of ['', '../a', 'a b', 'A', '-a', 'a;id', 'a'.repeat(65)]) {
        await expectCode(runtime.createSnapshot(id, name, one), 'invalid_input');
        await expectCode(runtime.deleteSnapshot(id, name, one), 'invalid_input');
        await expectCode(runtime.rollbackSnapshot(id, name, one), 'invalid_input');
        await expectCode(runtime.clone({ id, snapshotId: name }, newSpec(), one), 'invalid_input');
      }
    });
  });
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describeConformance, expectCode } from '../conformance/conformance-suite';
import { describeSnapshots } from '../conformance/snapshot-suite';
import { describeTerminals } from '../conformance/terminal-suite';
import { MIB } from '../conformance/conformance-harness';
import type { ConformanceHarness } from '../conformance/conformance-harness';
import type { ContainerSpec } from '../container-runtime';
import { FileStore } from './simulated-file-store';
import { SimulatedFleet } from './simulated-fleet';
import { SimulatedRuntime } from './simulated-runtime';
import { MemoryStore } from './simulated-store';
import type { SimulatedStore } from './simulated-store';

const tarball = Buffer.from('a template');
const image = { sha256: createHash('sha256').update(tarball).digest('hex'), compression: 'none' as const };
const open = async () => Readable.from([tarball]);

let number = 0;
function newSpec(change: Partial<ContainerSpec> = {}): ContainerSpec {
  number++;
  return {
    id: `ct${number}`,
    templateSha256: image.sha256,
    hostname: `box-${number}`,
    idBase: 65_536 * number,
    limits: { ram_bytes: 64 * MIB, num_proc: 100 },
    addresses: [{ address: `198.51.${number >> 8}.${number & 255}`, family: 4, prefix: 32 }],
    dns: { nameservers: ['192.0.2.53'], search: [] },
    sshKeys: [],
    rootPassword: null,
    ...change,
  };
}

const directories: string[] = [];
afterAll(() => directories.forEach((dir) => rmSync(dir, { recursive: true })));
function newFileStore(): FileStore {
  directories.push(mkdtempSync(join(tmpdir(), 'berth-simulated-')));
  return new FileStore(directories.at(-1)!);
}

const stores: [string, () => SimulatedStore][] = [
  ['memory', () => new MemoryStore()],
  ['files', newFileStore],
];

for (const [name, newStore] of stores) {
  const openHarness = async (): Promise<ConformanceHarness> => {
    const machine = new SimulatedFleet(newStore()).host('host-1');
    await machine.withoutCapabilities(['limit:node_mask']);
    const runtime = new SimulatedRuntime(machine);
    return { runtime, image, open, newSpec, close: async () => {} };
  };
  describeConformance(`simulated (${name})`, openHarness);
  describeSnapshots(`simulated (${name})`, openHarness);
  describeTerminals(`simulated (${name})`, openHarness);

  describe(`simulated (${name}): fate`, () => {
    async function prepared() {
      const fleet = new SimulatedFleet(newStore());
      const machine = fleet.host('host-1');
      const runtime = new SimulatedRuntime(machine, 'one');
      await runtime.ensureTemplate(image, open);
      return { fleet, machine, runtime };
    }

    it('takes its time', async () => {
      const { machine, runtime } = await prepared();
      await machine.setLatency({ snapshotHost: 80 });
      const before = performance.now();
      await runtime.snapshotHost();
      expect(performance.now() - before).toBeGreaterThan(75);
    });

    it('fails the next calls as told, before or after the change', async () => {
      const { machine, runtime } = await prepared();
      const spec = newSpec();
      await machine.failNext('create', 'unreachable', { count: 2 });
      await expectCode(runtime.create(spec, { fence: 1 }), 'unreachable');
      await expectCode(runtime.create(spec, { fence: 1 }), 'unreachable');
      expect(await runtime.inspect(spec.id)).toBeNull();
      await machine.failNext('create', 'timeout', { after: true });
      await expectCode(runtime.create(spec, { fence: 1 }), 'timeout');
      expect(await runtime.inspect(spec.id)).not.toBeNull();
    });

    it('fails at random, the same way for the same seed', async () => {
      const { machine, runtime } = await prepared();
      const sequence = async () => {
        await machine.failRandomly(0.5, 'busy', 42);
        const outcomes = [];
        for (let turn = 0; turn < 20; turn++) {
          outcomes.push(
            await runtime.snapshotHost().then(
              () => 'good',
              () => 'bad',
            ),
          );
        }
        return outcomes.join();
      };
      const first = await sequence();
      expect(first).toContain('good');
      expect(first).toContain('bad');
      const other = new SimulatedRuntime(new SimulatedFleet(machine.store).host('host-1'));
      const again = [];
      for (let turn = 0; turn < 20; turn++) {
        again.push(
          await other.snapshotHost().then(
            () => 'good',
            () => 'bad',
          ),
        );
      }
      expect(again.join()).toBe(first);
    });

    it('is unreachable while cut, also for calls under way, and its containers go on', async () => {
      const { machine, runtime } = await prepared();
      const { id } = await start(runtime);
      await machine.setLatency(200);
      const under = expectCode(runtime.stop(id, { fence: 1, timeoutMs: 1 }), 'unreachable');
      await machine.cut();
      await under;
      await machine.setLatency(0);
      await expectCode(runtime.snapshotHost(), 'unreachable');
      await machine.mend();
      expect((await runtime.inspect(id))?.state).toBe('running');
    });

    it('loses what ran in a crash, and keeps the disk', async () => {
      const { machine, runtime } = await prepared();
      const { bootId } = await runtime.prepareHost();
      const { id } = await start(runtime);
      await machine.crash();
      await expectCode(runtime.start(id, { fence: 1 }), 'unreachable');
      await machine.boot();
      expect(await runtime.snapshotHost()).toEqual({
        bootId: null,
        containers: [{ id, state: 'stopped', fence: 1 }],
      });
      expect((await runtime.prepareHost()).bootId).not.toBe(bootId);
      await runtime.start(id, { fence: 1 });
    });

    it('records two running containers with one address, on whatever hosts', async () => {
      const { fleet, runtime } = await prepared();
      const other = new SimulatedRuntime(fleet.host('host-2'));
      await other.ensureTemplate(image, open);
      const { addresses } = await start(runtime);
      expect(fleet.violations()).toEqual([]);
      await start(other, { addresses });
      expect(fleet.violations()).toMatchObject([{ address: addresses[0]!.address }]);
    });

    it('frees an address with its container', async () => {
      const { fleet, runtime } = await prepared();
      const { id, addresses } = await start(runtime);
      await runtime.destroy(id, { fence: 1 });
      await start(runtime, { addresses });
      expect(fleet.violations()).toEqual([]);
    });
  });
}

async function start(runtime: SimulatedRuntime, change?: Partial<ContainerSpec>): Promise<ContainerSpec> {
  const spec = newSpec(change);
  await runtime.create(spec, { fence: 1 });
  await runtime.start(spec.id, { fence: 1 });
  return spec;
}

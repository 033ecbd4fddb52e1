import { expectCode } from '../conformance/conformance-suite';
import type { ContainerSpec } from '../container-runtime';
import type { MigrationMode } from '../snapshot-and-migration';
import { SimulatedFleet } from './simulated-fleet';
import { SimulatedRuntime } from './simulated-runtime';

const spec: ContainerSpec = {
  id: 'ct7',
  templateSha256: 'a'.repeat(64),
  hostname: 'seven',
  idBase: 131_072,
  limits: { num_proc: 50 },
  addresses: [{ address: '192.0.2.7', family: 4, prefix: 32 }],
  dns: { nameservers: [], search: [] },
  sshKeys: [],
  rootPassword: null,
};
const { id } = spec;
const fence = { fence: 1 };
const m = { migrationId: 'm1' };
const peer = { address: '192.0.2.1', port: 22, user: 'root' };

async function twoHosts(start = true) {
  const fleet = new SimulatedFleet(undefined, { fetchTemplates: false });
  const source = new SimulatedRuntime(fleet.host('a'));
  const target = new SimulatedRuntime(fleet.host('b'));
  const image = { sha256: spec.templateSha256, compression: 'none' as const };
  await source.ensureTemplate(image, () => Promise.reject(new Error('not fetched')));
  await source.create(spec, { ...fence, start });
  return { fleet, source, target };
}
type Hosts = Awaited<ReturnType<typeof twoHosts>>;

async function handedOver({ source, target }: Hosts, mode: MigrationMode) {
  const offer = await source.openMigration(id, { ...m, mode }, fence);
  const grant = await target.acceptMigration(id, offer, { ...fence, from: '192.0.2.2', mode });
  await source.connectMigration(id, { ...m, peer, grant }, fence);
  expect(await source.sendDisk(id, m, fence)).toMatchObject({ round: 1 });
  return source.handOver(id, { ...m, mode }, fence);
}
const stateOn = async (host: SimulatedRuntime) => (await host.inspect(id))?.state ?? null;

describe.each(['live', 'near_live', 'offline'] as const)(
  'a %s migration of a simulated container',
  (mode) => {
    it('brings it over as it was, and leaves nothing', async () => {
      const hosts = await twoHosts();
      const { source, target, fleet } = hosts;
      const { boot } = await source.beancounters(id);
      expect(await handedOver(hosts, mode)).toMatchObject({ running: true });
      await expectCode(source.start(id, fence), 'in_migration');
      for (let turn = 0; turn < 2; turn++)
        expect((await target.takeOver(id, m, fence)).state).toBe('running');
      for (let turn = 0; turn < 2; turn++)
        await source.dropSource(id, { ...m, forwardTo: '192.0.2.1' }, fence);
      await target.closeMigration(id, m, fence);
      expect([await stateOn(source), await stateOn(target)]).toEqual([null, 'running']);
      expect((await target.inspect(id))?.limits).toEqual(spec.limits);
      expect(boot).toBeTruthy();
      expect(fleet.violations()).toEqual([]);
    });

    it('goes on at the source after it was rejected, and the target can take it over no more', async () => {
      const hosts = await twoHosts();
      const { source, target } = hosts;
      await handedOver(hosts, mode);
      for (let turn = 0; turn < 2; turn++) expect(await target.rejectMigration(id, m, fence)).toBe('removed');
      await expectCode(target.takeOver(id, m, fence), 'not_found');
      for (let turn = 0; turn < 2; turn++) expect(await source.resumeSource(id, m, fence)).toBe('running');
      expect([await stateOn(source), await stateOn(target)]).toEqual(['running', null]);
    });

    it('cannot be rejected once it has been taken over', async () => {
      const hosts = await twoHosts();
      const { source, target } = hosts;
      await handedOver(hosts, mode);
      await target.takeOver(id, m, fence);
      expect(await target.rejectMigration(id, m, fence)).toBe('taken_over');
      await source.dropSource(id, { ...m, forwardTo: '192.0.2.1' }, fence);
      expect([await stateOn(source), await stateOn(target)]).toEqual([null, 'running']);
    });

    it('of a stopped one leaves it stopped', async () => {
      const hosts = await twoHosts(false);
      expect(await handedOver(hosts, mode)).toMatchObject({ running: false });
      expect((await hosts.target.takeOver(id, m, fence)).state).toBe('stopped');
    });
  },
);

it('says that the peer cannot be reached', async () => {
  const hosts = await twoHosts();
  const { source, target, fleet } = hosts;
  const offer = await source.openMigration(id, { ...m, mode: 'live' }, fence);
  const grant = await target.acceptMigration(id, offer, { ...fence, from: '192.0.2.2', mode: 'live' });
  await source.connectMigration(id, { ...m, peer, grant }, fence);
  await fleet.host('b').cut();
  const error = await expectCode(source.sendDisk(id, m, fence), 'peer_unreachable');
  expect(error.retryable).toBe(true);
  await expectCode(source.handOver(id, { ...m, mode: 'live' }, fence), 'peer_unreachable');
  expect(await stateOn(source)).toBe('running');
});

it('does not take in what is there already', async () => {
  const { source, target } = await twoHosts();
  const image = { sha256: spec.templateSha256, compression: 'none' as const };
  await target.ensureTemplate(image, () => Promise.reject(new Error('not fetched')));
  await target.create({ ...spec, addresses: [] }, fence);
  const offer = await source.openMigration(id, { ...m, mode: 'live' }, fence);
  await expectCode(
    target.acceptMigration(id, offer, { ...fence, from: '192.0.2.2', mode: 'live' }),
    'conflict',
  );
  expect(await target.rejectMigration(id, m, fence)).toBe('removed');
  expect(await stateOn(target)).toBe('stopped');
});

import { migrationModeSchema, type MigrationTargetsView } from '@berth/contracts';
import { allCapabilities } from '@berth/contracts';
import { makeHost, orderServer } from '@berth/testing';
import { startTestApi, type TestApi } from '../testing/test-api';

let api: TestApi;

beforeEach(async () => {
  api = await startTestApi({}, { host: { facts: { cgroup: 'v2' } } });
});
afterEach(() => api.close());

const sql = (text: string, parameters: unknown[] = []) => api.database.dataSource.query(text, parameters);
const host = (name: string, given: Parameters<typeof makeHost>[2] = {}) =>
  makeHost(api.database.dataSource.manager, api.world.location.id, {
    name,
    facts: { cgroup: 'v2' },
    ...given,
  });

async function settledServer(name: string): Promise<string> {
  const { server, operation } = await orderServer(api.database.dataSource, api.world, {
    name,
    status: 'running',
  });
  await sql(`UPDATE operations SET status = 'succeeded', finished_at = now() WHERE id = $1`, [operation.id]);
  return server.id;
}
async function targets(id: string): Promise<MigrationTargetsView> {
  const { status, body } = await api.request('GET', `/v1/servers/${id}/migration_targets`, {
    token: api.tokens.operator,
  });
  expect([status, body.error]).toEqual([200, undefined]);
  return body;
}

it('ranks hosts as placement does, and says why the others are none', async () => {
  const { demand } = { demand: api.world.plan.limits };
  await host('half', { capacityCpus: 1 });
  await host('empty');
  await host('old-kernel', { facts: { cgroup: 'v1' } });
  await host('cordoned', { state: 'cordoned' });
  await host('silent', { reachable: false });
  await host('arm', { architecture: 'arm64' });
  await host('tiny', { capacityRamBytes: demand.ram_bytes! / 2, capacityDiskBytes: 1 });
  await host('poor', {
    capabilities: allCapabilities.filter((one) => one !== 'ipv4' && one !== 'limit:num_proc'),
  });
  await host('gone', { state: 'removed' });
  const id = await settledServer('mover');
  const { migration_targets: all, total, blocked } = await targets(id);
  expect([total, blocked]).toEqual([8, null]);
  const of = (name: string) => all.find((one) => one.host.name === name)!;
  expect(all.slice(0, 3).map(({ host: { name }, rank }) => [name, rank])).toEqual([
    expect.arrayContaining([1]),
    expect.arrayContaining([2]),
    ['half', 3],
  ]);
  expect(of('empty')).toMatchObject({ fits: true, reasons: [], modes: ['live', 'near_live', 'offline'] });
  expect(of('half').free_after).toMatchObject({ cpus: 0.5 });
  // Not with running processes, but any other way.
  expect(of('old-kernel')).toMatchObject({ fits: true, modes: ['near_live', 'offline'] });
  const why = (name: string) => of(name).reasons.join('; ');
  expect(why('cordoned')).toBe('it is cordoned');
  expect(why('silent')).toBe('it does not answer');
  expect(why('arm')).toBe('it runs arm64, the server is made for amd64');
  expect(why('tiny')).toBe('it has not enough memory and disk left');
  expect(why('poor')).toContain("it can't do limit:num_proc, ipv4");
  for (const { rank, fits, modes } of all.slice(3)) expect([rank, fits, modes]).toEqual([null, false, []]);
});

it('judges as a migration does, host by host and mode by mode', async () => {
  await host('a');
  await host('b', { facts: { cgroup: 'v1' } });
  await host('c', { capabilities: allCapabilities.filter((one) => one !== 'migrate:live') });
  await host('d', { state: 'cordoned' });
  await host('e', { capacityDiskBytes: 1 });
  const id = await settledServer('mover');
  const { migration_targets: all } = await targets(id);
  expect(all).toHaveLength(5);
  const judged: [string, string, boolean][] = [];
  const done: [string, string, boolean][] = [];
  for (const target of all) {
    for (const mode of migrationModeSchema.options) {
      judged.push([target.host.name, mode, target.modes.includes(mode)]);
      const { status, body } = await api.request('POST', `/v1/servers/${id}/actions/migrate`, {
        token: api.tokens.operator,
        body: { host: target.host.id, mode },
      });
      done.push([target.host.name, mode, status === 202]);
      if (status !== 202) continue;
      await sql(`UPDATE server_migrations SET ended_at = now() WHERE operation_id = $1`, [body.operation.id]);
      await sql(`UPDATE operations SET status = 'cancelled', finished_at = now() WHERE id = $1`, [
        body.operation.id,
      ]);
    }
  }
  expect(judged).toEqual(done);
  // And the first is where it goes by itself.
  const chosen = await api.request('POST', `/v1/servers/${id}/actions/migrate`, {
    token: api.tokens.operator,
    body: { mode: 'offline' },
  });
  const [{ target }] = await sql(
    'SELECT target_host_id AS target FROM server_migrations WHERE operation_id = $1',
    [chosen.body.operation.id],
  );
  expect(target).toBe(all[0]!.host.id);
});

it('says why a server can not leave at all', async () => {
  await host('free');
  const id = await settledServer('mover');
  await sql('UPDATE hosts SET reachable = false WHERE id = $1', [api.world.host.id]);
  expect((await targets(id)).blocked).toMatch(/does not answer/);
  await sql('UPDATE hosts SET reachable = true WHERE id = $1', [api.world.host.id]);
  await sql(`UPDATE servers SET status = 'error' WHERE id = $1`, [id]);
  expect((await targets(id)).blocked).toMatch(/error/);
});

import { seal, type ServerEntity } from '@berth/database';
import { containerIdOf } from '@berth/domain';
import { SimulatedRuntime } from '@berth/runtime';
import { orderServer, type World } from '@berth/testing';
import { openBench, type TestBench } from '../testing/test-worker';

jest.setTimeout(60_000);

let bench: TestBench;
let world: World;

beforeAll(async () => {
  bench = await openBench();
  world = await bench.world();
  await bench.worker();
});
afterAll(async () => bench.close());

const runtime = () => new SimulatedRuntime(bench.fleet.host(world.host.id));
const containerOf = (server: ServerEntity) => runtime().inspect(containerIdOf(server.number));

const ask = async (...what: Parameters<TestBench['ask']>) => bench.ended(await bench.ask(...what));

async function runningServer(): Promise<ServerEntity> {
  const { server, operation } = await orderServer(bench.database.dataSource, world);
  await bench.ended(operation.id);
  return bench.server(server.id);
}

describe('each kind, when all goes well', () => {
  it('create_server ends with a running container, made as ordered', async () => {
    const sealed = await seal(bench.keys.publicKey, 'correct horse');
    const { server, operation } = await orderServer(
      bench.database.dataSource,
      world,
      { sshKeys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8qn8nvJ1tcyYXAB4bbl2tqVNpMCsDxEZsQqVqHgBzE me'] },
      { sealed_root_password: sealed },
    );
    const ended = await bench.ended(operation.id);
    expect(ended).toMatchObject({ status: 'succeeded', progress: 100, error: null });
    expect(ended.input).not.toHaveProperty('sealed_root_password');
    expect(await bench.server(server.id)).toMatchObject({ status: 'running', desiredState: 'running' });
    const stored = bench.fleet.store.readContainer(world.host.id, containerIdOf(server.number));
    expect(stored).toMatchObject({
      state: 'running',
      spec: { hostname: server.hostname, limits: server.limits, sshKeys: server.sshKeys },
    });
    expect(stored?.passwordHash).not.toBeNull();
    expect(stored?.spec.addresses).toHaveLength(1);
  });

  it('create_server with start: false ends stopped', async () => {
    const { server, operation } = await orderServer(bench.database.dataSource, world, {}, { start: false });
    expect(await bench.ended(operation.id)).toMatchObject({ status: 'succeeded' });
    expect((await bench.server(server.id)).status).toBe('stopped');
    expect((await containerOf(server))?.state).toBe('stopped');
  });

  it('stop_server, start_server, restart_server and kill_server do what they say', async () => {
    const server = await runningServer();
    const state = async () => [(await bench.server(server.id)).status, (await containerOf(server))?.state];
    const stopped = await ask(server, 'stop_server', { timeout_s: 5 });
    expect(stopped).toMatchObject({ status: 'succeeded', result: { ended: 'stopped' } });
    expect(await state()).toEqual(['stopped', 'stopped']);
    expect(await ask(server, 'start_server')).toMatchObject({ status: 'succeeded' });
    expect(await state()).toEqual(['running', 'running']);
    expect(await ask(server, 'restart_server', { timeout_s: 5 })).toMatchObject({ status: 'succeeded' });
    expect(await state()).toEqual(['running', 'running']);
    expect(await ask(server, 'kill_server')).toMatchObject({ status: 'succeeded' });
    expect(await state()).toEqual(['stopped', 'stopped']);
  });

  it('delete_server leaves nothing, and gives the address back', async () => {
    const server = await runningServer();
    expect(await ask(server, 'delete_server')).toMatchObject({ status: 'succeeded' });
    expect(await bench.server(server.id)).toMatchObject({ status: 'deleted' });
    expect(await containerOf(server)).toBeNull();
    const held: unknown[] = await bench.database.dataSource.query(
      'SELECT 1 FROM addresses WHERE server_id = $1',
      [server.id],
    );
    expect(held).toEqual([]);
  });

  it('reset_password sets it and forgets it', async () => {
    const server = await runningServer();
    const hash = () =>
      bench.fleet.store.readContainer(world.host.id, containerIdOf(server.number))?.passwordHash;
    expect(hash()).toBeNull();
    const sealed_root_password = await seal(bench.keys.publicKey, 'correct horse');
    const ended = await ask(server, 'reset_password', { sealed_root_password });
    expect(ended).toMatchObject({ status: 'succeeded', input: {} });
    expect(hash()).toMatch(/./);
  });

  it('set_hostname changes the host and the database', async () => {
    const server = await runningServer();
    expect(await ask(server, 'set_hostname', { hostname: 'new.example.org' })).toMatchObject({
      status: 'succeeded',
    });
    expect((await containerOf(server))?.hostname).toBe('new.example.org');
    expect((await bench.server(server.id)).hostname).toBe('new.example.org');
  });
});

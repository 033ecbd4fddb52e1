import type { HostEndpoint } from './host-endpoint';
import { LxcRuntime } from './lxc/lxc-runtime';
import { RuntimePool } from './runtime-pool';
import { SimulatedFleet } from './simulated/simulated-fleet';

const host: HostEndpoint = {
  id: 'h1',
  name: 'one',
  driver: 'simulated',
  address: 'anything',
  port: 1,
  user: 'root',
  privateKey: '',
  hostKeyFingerprint: '',
};

it('gives the same runtime for the same endpoint, another for a changed or a forgotten one', async () => {
  const pool = new RuntimePool();
  const first = pool.get(host);
  expect(pool.get({ ...host })).toBe(first);
  const moved = pool.get({ ...host, port: 2 });
  expect(moved).not.toBe(first);
  await pool.forget('h1');
  await pool.forget('never seen');
  expect(pool.get({ ...host, port: 2 })).not.toBe(moved);
  await pool.close();
});

it('finds simulated hosts by id in the fleet that it was given', async () => {
  const fleet = new SimulatedFleet();
  const pool = new RuntimePool({ fleet });
  await fleet.host('h1').cut();
  await expect(pool.get(host).snapshotHost()).rejects.toMatchObject({ code: 'unreachable' });
  await expect(pool.get({ ...host, id: 'h2' }).snapshotHost()).resolves.toEqual({
    bootId: null,
    containers: [],
  });
});

it('makes lxc runtimes without connecting', async () => {
  const pool = new RuntimePool();
  expect(pool.get({ ...host, driver: 'lxc' })).toBeInstanceOf(LxcRuntime);
  await pool.close();
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LockTimeout } from '../keyed-mutex';
import { FileStore } from './simulated-file-store';
import { SimulatedFleet } from './simulated-fleet';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'berth-store-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

it('shows a second opener what the first wrote', async () => {
  await new SimulatedFleet(new FileStore(dir)).host('../weird name').setSize({ cpus: 3 });
  const other = new SimulatedFleet(new FileStore(dir));
  expect(other.host('../weird name').record().cpus).toBe(3);
  expect(other.store.hosts()).toEqual(['../weird name']);
});

it('keeps two openers of one directory apart under a lock', async () => {
  const stores = [new FileStore(dir), new FileStore(dir)];
  let inside = 0;
  let count = 0;
  const turns = Array.from({ length: 40 }, (_, turn) =>
    stores[turn % 2]!.withLock('h', 'ct1', 10_000, async () => {
      expect(++inside).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
      count++;
    }),
  );
  await Promise.all(turns);
  expect(count).toBe(40);
});

it('gives up on a lock that is held too long', async () => {
  const [mine, other] = [new FileStore(dir), new FileStore(dir)];
  let release!: () => void;
  const held = mine.withLock('h', 'ct1', 1000, () => new Promise<void>((resolve) => (release = resolve)));
  await expect(other.withLock('h', 'ct1', 50, () => undefined)).rejects.toThrow(LockTimeout);
  release();
  await held;
});

it('takes over the lock of a process that died', async () => {
  const store = new FileStore(dir);
  writeFileSync(join(dir, 'locks', 'h@ct1'), '999999999 12345');
  expect(await store.withLock('h', 'ct1', 1000, () => 'mine')).toBe('mine');
});

it('gives an address to one owner', () => {
  const store = new FileStore(dir);
  expect(store.claimAddress('fd00::1', 'a')).toBeNull();
  expect(store.claimAddress('fd00::1', 'a')).toBeNull();
  expect(store.claimAddress('fd00::1', 'b')).toBe('a');
  store.releaseAddress('fd00::1', 'b');
  store.releaseAddress('fd00::1', 'a');
  expect(store.claimAddress('fd00::1', 'b')).toBeNull();
});

import type { HostRecord } from '../hosts/host-record';
import { HostTurns } from './host-turns';

const host = (id: string) => ({ id, name: id }) as HostRecord;

/** Work that ends when it is told to. */
function makeWork() {
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const work = (n: number) => () => {
    begun.push(n);
    return new Promise<number>((resolve) => ends.push(() => resolve(n)));
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { begun, ends, work, settle };
}

describe('HostTurns', () => {
  it('runs so many at a time of a host, the others in order, and other hosts beside them', async () => {
    const turns = new HostTurns(2, 60_000);
    const { begun, ends, work, settle } = makeWork();
    const all = [0, 1, 2, 3].map((n) => turns.run(host('a'), 'look', work(n)));
    all.push(turns.run(host('b'), 'look', work(9)));
    await settle();
    expect(begun).toEqual([0, 1, 9]);
    ends[1]!();
    await settle();
    expect(begun).toEqual([0, 1, 9, 2]);
    ends[0]!();
    await settle();
    expect(begun).toEqual([0, 1, 9, 2, 3]);
    for (const end of ends) end();
    expect(await Promise.all(all)).toEqual([0, 1, 2, 3, 9]);
  });

  it('gives the turn on after a failure', async () => {
    const turns = new HostTurns(1, 60_000);
    const failing = turns.run(host('a'), 'look', () => Promise.reject(new Error('no')));
    const next = turns.run(host('a'), 'look', () => Promise.resolve('yes'));
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });

  it('lets nobody wait longer than is of use', async () => {
    const turns = new HostTurns(1, 10);
    const { begun, ends, work } = makeWork();
    const first = turns.run(host('a'), 'look', work(0));
    await expect(turns.run(host('a'), 'look', work(1))).rejects.toMatchObject({ code: 'busy' });
    ends[0]!();
    await first;
    expect(begun).toEqual([0]);
    expect(await turns.run(host('a'), 'look', () => Promise.resolve(2))).toBe(2);
  });
});

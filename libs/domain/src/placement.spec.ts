import { fits, rankHosts, type PlacementCandidate } from './placement';

const host = (id: string, usedRam: number, usedCpus = 0): PlacementCandidate => ({
  id,
  allocatable: { cpus: 4, ram_bytes: 100, disk_bytes: 100 },
  used: { cpus: usedCpus, ram_bytes: usedRam, disk_bytes: 0 },
});
const demand = { cpus: 1, ram_bytes: 10, disk_bytes: 10 };

it('takes what fits to the last byte, and no more', () => {
  expect(fits(host('a', 90), demand)).toBe(true);
  expect(fits(host('a', 91), demand)).toBe(false);
  expect(fits(host('a', 0, 3.01), demand)).toBe(false);
});

it('prefers the host whose scarcest resource is least used', () => {
  expect(
    rankHosts([host('full', 95), host('cpu', 0, 3), host('ram', 50), host('empty', 0)], demand).map(
      ({ id }) => id,
    ),
  ).toEqual(['empty', 'ram', 'cpu']);
});

it('breaks ties by id', () => {
  expect(rankHosts([host('b', 0), host('a', 0)], demand).map(({ id }) => id)).toEqual(['a', 'b']);
});

it('spreads: placing one after another fills hosts evenly', () => {
  const hosts = [host('a', 0), host('b', 0), host('c', 0)];
  for (let n = 0; n < 9; n++) {
    const best = rankHosts(hosts, { cpus: 0.1, ram_bytes: 10, disk_bytes: 1 })[0]!;
    best.used.ram_bytes += 10;
  }
  expect(hosts.map(({ used }) => used.ram_bytes)).toEqual([30, 30, 30]);
});

import { addressesOf, freeSlots, hostAddresses, SLOT_COUNT } from './subnets';

describe('addressesOf', () => {
  it('carves hosts and servers out of one /20', () => {
    expect(addressesOf(0, 'aabbccdd')).toEqual({
      subnet4: '198.18.0.0/20',
      gateway4: '198.18.0.1',
      serverPool4: '198.18.4.0/22',
      subnet6: 'fdaa:bbcc:dd01::/64',
      gateway6: 'fdaa:bbcc:dd01::1',
      serverPool6: 'fdaa:bbcc:dd00::/48',
    });
  });

  it('stays within 198.18.0.0/15 up to the last slot', () => {
    expect(addressesOf(SLOT_COUNT - 1, 'aabbccdd').serverPool4).toBe('198.19.244.0/22');
  });
});

describe('hostAddresses', () => {
  const lab = addressesOf(16, '00000000');

  it('starts at .10', () => {
    expect(hostAddresses(lab, 1)).toEqual({ address: '198.19.0.10', address6: 'fd00:0000:0001::a' });
  });

  it('refuses a host that would leave the first /24', () => {
    expect(hostAddresses(lab, 240).address).toBe('198.19.0.249');
    expect(() => hostAddresses(lab, 241)).toThrow(/room for 240/);
  });
});

describe('freeSlots', () => {
  const slotsWith = (used: string[]): number[] => freeSlots('00000000', used);

  it('prefers the slot that the id names', () => {
    expect(freeSlots('00000005', [])[0]).toBe(5);
    expect(slotsWith([])).toHaveLength(SLOT_COUNT);
  });

  it.each([
    ['an address inside a slot', '198.18.15.255/32', [0]],
    ['a smaller route', '198.18.20.0/24', [1]],
    ['a larger network', '198.18.33.7/19', [2, 3]],
  ])('leaves out what %s overlaps', (_what, cidr, taken) => {
    const free = slotsWith([cidr]);
    expect(free).toHaveLength(SLOT_COUNT - taken.length);
    for (const slot of taken) expect(free).not.toContain(slot);
  });

  it('is not disturbed by other networks, default routes and route types', () => {
    expect(slotsWith(['10.0.0.0/8', '0.0.0.0/0', 'broadcast', '192.0.2.2/24'])).toHaveLength(SLOT_COUNT);
  });

  it('finds none where the whole range is used', () => {
    expect(slotsWith(['198.18.0.0/15'])).toEqual([]);
  });
});

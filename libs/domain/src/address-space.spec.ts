import { contains, parsePool, unitAddress } from './address-space';

describe('parsePool', () => {
  it.each([
    ['203.0.113.0/24', 4, 256],
    ['203.0.113.8/32', 4, 1],
    ['2001:db8::/48', 6, 65_536],
    ['2001:db8:1:2::/64', 6, 1],
  ])('counts the units of %s', (cidr, family, units) => {
    expect(parsePool(cidr)).toEqual({ family, cidr, units });
  });

  it.each(['203.0.113.1/24', '203.0.113.0', 'x', '10.0.0.0/7', '2001:db8::/65', '$(id)/24', ''])(
    'refuses %p',
    (cidr) => {
      expect(() => parsePool(cidr)).toThrow(RangeError);
    },
  );
});

describe('unitAddress', () => {
  it('leaves out network, broadcast and gateway', () => {
    const pool = parsePool('203.0.113.0/29');
    const given = Array.from({ length: 8 }, (_, unit) => unitAddress(pool, unit, '203.0.113.1'));
    expect(given).toEqual([
      null,
      null,
      '203.0.113.2',
      '203.0.113.3',
      '203.0.113.4',
      '203.0.113.5',
      '203.0.113.6',
      null,
    ]);
    expect(unitAddress(pool, 8, null)).toBeNull();
  });

  it('uses every address of a /31 and a /32', () => {
    expect(unitAddress(parsePool('203.0.113.4/31'), 0, null)).toBe('203.0.113.4');
    expect(unitAddress(parsePool('203.0.113.4/31'), 1, null)).toBe('203.0.113.5');
    expect(unitAddress(parsePool('203.0.113.9/32'), 0, null)).toBe('203.0.113.9');
  });

  it('gives the first address of each /64', () => {
    const pool = parsePool('2001:db8:7::/48');
    expect(unitAddress(pool, 0, null)).toBe('2001:db8:7::1');
    expect(unitAddress(pool, 65_535, null)).toBe('2001:db8:7:ffff::1');
  });
});

it('contains() tells whether an address lies in a network', () => {
  expect(contains('203.0.113.0/24', '203.0.113.77')).toBe(true);
  expect(contains('203.0.113.0/24', '203.0.114.1')).toBe(false);
  expect(contains('203.0.113.0/24', '2001:db8::1')).toBe(false);
});

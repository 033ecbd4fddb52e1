import { bodyDigest } from './body-digest';

describe('body digest', () => {
  it('does not mind the order of keys, at any depth', () => {
    expect(bodyDigest({ a: 1, b: { c: 2, d: [{ e: 3, f: 4 }] } }, 's')).toBe(
      bodyDigest({ b: { d: [{ f: 4, e: 3 }], c: 2 }, a: 1 }, 's'),
    );
  });

  it('tells values, types and orders of lists apart', () => {
    const bodies = [
      { a: 1 },
      { a: '1' },
      { a: [1, 2] },
      { a: [2, 1] },
      { a: null },
      {},
      { root_password: 'x' },
    ];
    expect(new Set(bodies.map((body) => bodyDigest(body, 's'))).size).toBe(bodies.length);
    expect(bodyDigest({ root_password: 'x' }, 's')).not.toBe(bodyDigest({ root_password: 'y' }, 's'));
  });
});

import { containerIdOf, ID_RANGE, idBaseOf, MAX_ID_SLOTS, serverNumberOf } from './container-identity';

it('names containers after the server number, and back', () => {
  expect(containerIdOf(1234)).toBe('ct1234');
  expect(serverNumberOf('ct1234')).toBe(1234);
  for (const other of ['ct', 'ct0', 'ct01', 'xct1', 'ct1;id', 'lxc-1'])
    expect(serverNumberOf(other)).toBeNull();
});

it('gives ranges that neither overlap nor leave 32 bits', () => {
  expect(idBaseOf(1) - idBaseOf(0)).toBe(ID_RANGE);
  expect(idBaseOf(MAX_ID_SLOTS - 1) + ID_RANGE - 1).toBeLessThan(2 ** 32 - 1);
  expect(() => idBaseOf(MAX_ID_SLOTS)).toThrow(RangeError);
  expect(() => idBaseOf(-1)).toThrow(RangeError);
});

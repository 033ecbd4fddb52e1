import { InputRate } from './input-rate';

const MIB = 1024 ** 2;

describe('the rate of input', () => {
  it('takes a burst at once, then a mebibyte a second', () => {
    const rate = new InputRate(0);
    expect([rate.take(3 * MIB, 0), rate.take(MIB, 0), rate.take(MIB, 0)]).toEqual([0, 0, 1000]);
    expect(rate.take(MIB, 1000)).toBe(1000);
  });

  it('forgets with time', () => {
    const rate = new InputRate(0);
    expect(rate.take(6 * MIB, 0)).toBe(2000);
    expect(rate.take(4 * MIB, 60_000)).toBe(0);
  });
});

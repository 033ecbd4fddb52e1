import { parseLabelSelector } from './label-selector';

describe('label selector', () => {
  it('reads every form', () => {
    expect(parseLabelSelector('a=1, b==2,c!=3,d,!e,f in (x,y),g notin (z)')).toEqual([
      { key: 'a', operator: 'in', values: ['1'] },
      { key: 'b', operator: 'in', values: ['2'] },
      { key: 'c', operator: 'not_in', values: ['3'] },
      { key: 'd', operator: 'exists' },
      { key: 'e', operator: 'absent' },
      { key: 'f', operator: 'in', values: ['x', 'y'] },
      { key: 'g', operator: 'not_in', values: ['z'] },
    ]);
    expect(parseLabelSelector('')).toEqual([]);
    expect(parseLabelSelector('a=')).toEqual([{ key: 'a', operator: 'in', values: [''] }]);
  });

  it.each([',', 'a=1,', '=1', 'a=b=c', '!', '!!a', 'a in x', 'a in (b', "a='x'", 'a=$(id)', 'a b', 'a=\0'])(
    'refuses %j',
    (text) => expect(parseLabelSelector(text)).toBeNull(),
  );
});

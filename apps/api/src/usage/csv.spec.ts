import { csvLine } from './csv';

it('quotes what has to be, and nothing else', () => {
  expect(csvLine(['a', 1, null, true, new Date(0), 'b c'])).toBe(
    'a,1,,true,1970-01-01T00:00:00.000Z,b c\r\n',
  );
  expect(csvLine(['a,b', 'say "x"', 'two\r\nlines'])).toBe('"a,b","say ""x""","two\r\nlines"\r\n');
});

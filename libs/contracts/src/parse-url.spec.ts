import { parseUrl } from './parse-url';

it('takes letters beyond ASCII however often it is called, where URL.canParse stops to', () => {
  for (let n = 0; n < 100_000; n++)
    if (!parseUrl('https://bücher.example/')) throw new Error(`null at call ${n}`);
  expect(parseUrl('https://bücher.example/')?.hostname).toBe('xn--bcher-kva.example');
});

it('is null where there is no URL', () => {
  expect([parseUrl(''), parseUrl('/x'), parseUrl('https://')]).toEqual([null, null, null]);
  expect(parseUrl('/x', 'https://example.com')?.href).toBe('https://example.com/x');
});

import { returnPath } from './return-path';

describe('where a sign-in leads to', () => {
  it.each([
    ['/', '/'],
    ['/servers/web-1?tab=console#top', '/servers/web-1?tab=console#top'],
    ['/admin/queues', '/admin/queues'],
    ['/a/../b', '/b'],
  ])('%j is a page of ours', (asked, path) => expect(returnPath(asked)).toBe(path));

  it.each([
    undefined,
    '',
    'servers',
    'https://evil.example/',
    '//evil.example',
    '//evil.example/%2f..',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '\t//evil.example',
    '/.//evil.example',
    '/./\\evil.example',
    '/x/..//evil.example',
    '/%2e//evil.example',
    'javascript:alert(1)',
    '/v1/session/oidc/login',
    '/x/../v1/session/oidc/login?return_to=/',
  ])('%j leads to the start page', (asked) => expect(returnPath(asked)).toBe('/'));

  it('never gives what a browser takes for another origin', () => {
    const own = 'https://panel.example.org';
    const parts = ['/', '\\', '.', '..', '%2e', '%2f', '\t', '@', ':', 'evil.example', '?', '#', ' '];
    for (let seed = 1; seed <= 20_000; seed++) {
      let rest = seed * 2_654_435_761;
      let asked = '/';
      for (let n = 0; n < 6; n++, rest = Math.floor(rest / parts.length))
        asked += parts[rest % parts.length]!;
      const path = returnPath(asked);
      expect(new URL(path, own).origin).toBe(own);
    }
  });
});

import { assertAllowedSource, compressionOf } from './template-source';

const roots = ['/srv/templates', '/var/cache/berth/'];

describe('template source', () => {
  it.each([
    'file:///srv/templates/a.tar',
    'file:///var/cache/berth/x/y.tar.zst',
    'https://example.org/a.tar.gz',
  ])('takes %s', (source) => expect(() => assertAllowedSource(source, roots)).not.toThrow());

  it.each([
    'file:///etc/shadow',
    'file:///srv/templates/../../etc/shadow',
    'file:///srv/templates/%2e%2e/%2e%2e/etc/shadow',
    'file:///srv/templates%2f..%2f..%2fetc/shadow',
    'file:///srv/templates-of-others/a.tar',
    'file:///srv/templates',
    'file:///srv/templates/a%00.tar',
    'file:///srv/templates/%ff',
  ])('refuses %s', (source) =>
    expect(() => assertAllowedSource(source, roots)).toThrow(
      expect.objectContaining({ code: 'invalid_input' }),
    ),
  );

  it('refuses every file where no root is set', () =>
    expect(() => assertAllowedSource('file:///a.tar', [])).toThrow(/BERTH_TEMPLATE_FILE_ROOTS/));

  it('tells the compression by the name, and asks where it can not', () => {
    expect(compressionOf('https://example.org/debian.tar.xz')).toBe('xz');
    expect(compressionOf('file:///a/b.TGZ')).toBe('gzip');
    expect(compressionOf('file:///a/b.tar')).toBe('none');
    expect(() => compressionOf('https://example.org/latest')).toThrow(/compression/);
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { debianMirror } from './debian-mirror';

describe('debianMirror', () => {
  let apt: string;

  beforeEach(() => {
    apt = mkdtempSync(path.join(tmpdir(), 'lab-apt-'));
    mkdirSync(path.join(apt, 'sources.list.d'));
  });

  afterEach(() => rmSync(apt, { recursive: true }));

  const write = (name: string, text: string): void => writeFileSync(path.join(apt, name), text);

  it('reads the one-line format, with options and comments', () => {
    write(
      'sources.list',
      '# deb http://old.test/debian sid main\ndeb [arch=amd64] http://a.test/debian/ bookworm main contrib # x\n',
    );
    expect(debianMirror({}, apt)).toBe('http://a.test/debian');
  });

  it('reads deb822, continued lines too', () => {
    write(
      'sources.list.d/debian.sources',
      '# c\nTypes: deb\nURIs:\n http://b.test/debian\nSuites: trixie trixie-updates\nComponents: main\n',
    );
    expect(debianMirror({}, apt)).toBe('http://b.test/debian');
  });

  it('passes over security archives, disabled stanzas and other vendors', () => {
    write(
      'sources.list.d/a.sources',
      [
        'Types: deb\nURIs: http://x.test/debian-security\nSuites: bookworm-security\nComponents: main',
        'Enabled: no\nTypes: deb\nURIs: http://off.test/debian\nSuites: bookworm\nComponents: main',
        'Types: deb-src\nURIs: http://src.test/debian\nSuites: bookworm\nComponents: main',
        'Types: deb\nURIs: http://vendor.test/node_20.x\nSuites: nodistro\nComponents: main',
      ].join('\n\n'),
    );
    write('sources.list.d/b.list', 'deb http://security.test/debian-security bookworm-security main\n');
    expect(() => debianMirror({}, apt)).toThrow(/BERTH_DEBIAN_MIRROR/);
    write('sources.list.d/c.list', 'deb http://good.test/debian bookworm main\n');
    expect(debianMirror({}, apt)).toBe('http://good.test/debian');
  });

  it('lets the environment override', () => {
    expect(debianMirror({ BERTH_DEBIAN_MIRROR: 'http://mine.test/debian/' }, apt)).toBe(
      'http://mine.test/debian',
    );
  });
});

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { run } from './run';

const APT_DIR = '/etc/apt';

/**
 * The Debian mirror that this machine's apt uses (or `BERTH_DEBIAN_MIRROR`): the first source with a component `main`
 * whose suite is a Debian release and not a security archive.
 */
export function debianMirror(env: NodeJS.ProcessEnv = process.env, aptDir: string = APT_DIR): string {
  if (env.BERTH_DEBIAN_MIRROR) return env.BERTH_DEBIAN_MIRROR.replace(/\/+$/, '');
  for (const source of readSources(aptDir)) {
    const isDebian = /(^|[/.])debian\/?$/.test(source.uri) && source.components.includes('main');
    if (isDebian && source.suites.some((suite) => /^[a-z]+$/.test(suite)))
      return source.uri.replace(/\/+$/, '');
  }
  throw new Error(
    `no Debian mirror found in ${aptDir}/sources.list*: set BERTH_DEBIAN_MIRROR to the address of one`,
  );
}

interface Source {
  uri: string;
  suites: string[];
  components: string[];
}

function readSources(aptDir: string): Source[] {
  const parts = path.join(aptDir, 'sources.list.d');
  const files = [
    path.join(aptDir, 'sources.list'),
    ...(existsSync(parts)
      ? readdirSync(parts)
          .sort()
          .map((name) => path.join(parts, name))
      : []),
  ];
  return files.filter(existsSync).flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    return file.endsWith('.sources') ? parseDeb822(text) : file.endsWith('.list') ? parseOneLine(text) : [];
  });
}

function parseDeb822(text: string): Source[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const lines = stanza.split('\n').filter((line) => !line.startsWith('#'));
    const field = (name: string): string[] => {
      const at = lines.findIndex((line) => line.toLowerCase().startsWith(`${name}:`));
      if (at < 0) return [];
      const rest = lines.slice(at + 1);
      const end = rest.findIndex((line) => !/^\s/.test(line));
      const more = end < 0 ? rest : rest.slice(0, end);
      return [lines[at]?.slice(name.length + 1) ?? '', ...more].join(' ').split(/\s+/).filter(Boolean);
    };
    if (!field('types').includes('deb') || field('enabled')[0]?.toLowerCase() === 'no') return [];
    return field('uris').map((uri) => ({ uri, suites: field('suites'), components: field('components') }));
  });
}

function parseOneLine(text: string): Source[] {
  return text.split('\n').flatMap((line) => {
    const [, uri, suite, components] = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line) ?? [];
    return uri && suite ? [{ uri, suites: [suite], components: (components ?? '').split(/\s+/) }] : [];
  });
}

/** apt's proxy settings as options for mmdebstrap, which doesn't read this machine's apt configuration. */
export async function aptProxyOptions(): Promise<string[]> {
  const dump = await run(['apt-config', 'dump']).catch(() => undefined);
  const lines = (dump?.stdout ?? '').split('\n');
  return lines
    .filter((line) => /^Acquire::https?::Proxy/i.test(line) && !/ "";$/.test(line))
    .map((line) => `--aptopt=${line}`);
}

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { shellQuote } from '../shell/shell-quote';

/** Exit codes of a call's script that ask the driver for something first. */
export const EXIT_NOT_INSTALLED = 79;
export const EXIT_NOT_PREPARED = 78;

/** The same from `src` (jest) and from `dist`. */
const HOST_DIR = join(__dirname, '..', '..', 'host');
const LIB_DIR = '/var/lib/berth/lib';
const CONTAINER_MODULES = [
  'common',
  'spec',
  'limits',
  'config',
  'network',
  'guest-files',
  'devices',
  'storage',
  'usage',
  'container',
  'settings',
  'checkpoint',
  'snapshot',
  'migration',
  'hand-over',
  'arrival',
  'terminal',
];
const MODULES = {
  container: CONTAINER_MODULES,
  template: ['common', 'template'],
  host: [...CONTAINER_MODULES, 'capabilities', 'host'],
  // Sent whole, as one argument, which Linux holds to 128 KiB: no more than the look needs.
  inspect: ['common', 'limits', 'config', 'storage', 'capabilities', 'host'],
  usage: ['common', 'spec', 'limits', 'storage', 'usage'],
} as const;

export type ModuleSet = keyof typeof MODULES;

interface ScriptFile {
  name: string;
  text: string;
}

/**
 * The shell part of the lxc driver, kept on each host in a directory named by its content: workers of two versions
 * don't disturb each other, and LXC's hooks stay where a container's configuration says.
 */
export class HostScripts {
  readonly files: readonly ScriptFile[];
  readonly lib: string;

  constructor(dir: string = HOST_DIR) {
    this.files = readdirSync(dir)
      .filter((name) => !name.includes('.') || name.endsWith('.sh'))
      .sort()
      .map((name) => ({ name, text: readFileSync(join(dir, name), 'utf8') }));
    const hash = createHash('sha256').update(JSON.stringify(this.files)).digest('hex');
    this.lib = `${LIB_DIR}/${hash.slice(0, 16)}`;
  }

  /**
   * One function of the scripts, called on the host. What only defines things, and ends with `EXIT_NOT_INSTALLED` where
   * they are missing, is the prelude; but only what is called while somebody waits is worth shells that have it ready.
   */
  call(
    modules: ModuleSet,
    name: string,
    args: readonly (string | number)[],
  ): { prelude: string; script: string } {
    const lib = shellQuote(this.lib);
    const sources = MODULES[modules].map((module) => `. ${lib}/${module}.sh`);
    const prelude = [`[[ -e ${lib}/common.sh ]] || exit ${EXIT_NOT_INSTALLED}`, `LIB=${lib}`, ...sources];
    const line = [name, ...args.map((arg) => shellQuote(String(arg)))].join(' ');
    return modules === 'container'
      ? { prelude: prelude.join('\n'), script: line }
      : { prelude: '', script: [...prelude, line].join('\n') };
  }

  /** The same without anything installed: for a look at a host that isn't ours yet. */
  inlineCall(modules: ModuleSet, name: string): string {
    const text = MODULES[modules].map((module) => this.text(`${module}.sh`));
    return [`LIB=${shellQuote(this.lib)}`, ...text, name].join('\n');
  }

  /** Puts all files into place at once; `input` goes to its stdin. */
  install(): { script: string; input: string } {
    const lib = shellQuote(this.lib);
    const files = this.files.map(({ name, text }) => `put ${shellQuote(name)} ${Buffer.byteLength(text)}`);
    const script = `
LC_ALL=C
[[ $(findmnt -n -o FSTYPE -T /var/lib/berth) == btrfs ]] || {
  echo 'berth-error: host_unsuitable it lacks a btrfs file system at /var/lib/berth' >&2
  exit 70
}
mkdir -p ${LIB_DIR}
temporary=$(mktemp -d ${LIB_DIR}/.new.XXXXXX)
put() {
  local text
  IFS= read -r -N "$2" text
  printf '%s' "$text" >"$temporary/$1"
}
${files.join('\n')}
chmod 755 "$temporary" "$temporary"/*
# Else a power loss could leave the directory with empty files, for good.
sync -f "$temporary"
mv -T "$temporary" ${lib} 2>/dev/null || rm -rf "$temporary"
[[ -e ${lib}/common.sh ]]`;
    return { script, input: this.files.map(({ text }) => text).join('') };
  }

  private text(name: string): string {
    const file = this.files.find((one) => one.name === name);
    if (!file) throw new Error(`the driver's script ${name} is missing`);
    return file.text;
  }
}

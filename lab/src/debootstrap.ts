import { aptProxyOptions, debianMirror } from './debian-mirror';
import type { Progress } from './image-cache';
import { mustRun } from './run';

/** Part of every recipe's key: what they change, they change in every image. */
export const DEBOOTSTRAP_OPTIONS = [
  '--mode=root',
  '--variant=minbase',
  '--architectures=amd64',
  // Keeps our empty machine-id, hostname and resolv.conf: the customize hook writes them. Device nodes are made at run
  // time, where they belong.
  '--skip=cleanup/reproducible,output/dev',
];

export interface DebootstrapInput {
  /** For progress messages. */
  title: string;
  suite: string;
  /** A directory, or a file whose extension (`.tar`, `.tar.zst`) says the format. */
  target: string;
  packages: string[];
  /** More lines for sources.list; `MIRROR` stands for the mirror. */
  moreSources?: string[];
  /** Programs run with the root's path as their argument before packages are fetched, and at the end. */
  setupHook?: string;
  customizeHooks?: string[];
  /** Unpacks the packages and what they depend on, and nothing else: for their files, not for a system that runs. */
  extractOnly?: boolean;
  progress: Progress;
}

/** Runs mmdebstrap as root. The tarball is the same for the same packages (sorted, numeric owners, fixed times). */
export async function debootstrap(input: DebootstrapInput): Promise<void> {
  const mirror = debianMirror();
  const sources = [`deb MIRROR ${input.suite} main`, ...(input.moreSources ?? [])];
  const started = Date.now();
  input.progress(`${input.title}: fetching and installing Debian packages (half a minute or more)`);
  await mustRun(
    [
      'mmdebstrap',
      ...DEBOOTSTRAP_OPTIONS,
      ...(await aptProxyOptions()),
      ...(input.setupHook ? [`--setup-hook='${input.setupHook}' "$1"`] : []),
      ...(input.customizeHooks ?? []).map((hook) => `--customize-hook='${hook}' "$1"`),
      ...(input.extractOnly ? ['--variant=extract', '--aptopt=APT::Install-Recommends "false"'] : []),
      `--include=${input.packages.join(',')}`,
      input.suite,
      input.target,
      ...sources.map((line) => line.replace('MIRROR', mirror)),
    ],
    {
      env: {
        ...process.env,
        LC_ALL: 'C.UTF-8',
        DEBIAN_FRONTEND: 'noninteractive',
        SOURCE_DATE_EPOCH: '1750000000',
      },
      onStderr: (text) => {
        for (const line of text.split('\n')) {
          if (/^I: (extracting|installing|cleaning|creating)/.test(line))
            input.progress(`${input.title}: ${line.slice(3)}`);
        }
      },
    },
  );
  input.progress(`${input.title}: built in ${Math.round((Date.now() - started) / 1000)} s`);
}

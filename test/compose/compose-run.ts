import { resolve } from 'node:path';

/** The checkout's root: two levels above test/dist/compose's parent. */
export const PROJECT_ROOT = resolve(__dirname, '../../..');

/** A root file system under the name of a public image. */
export interface BaseImage {
  tag: string;
  tarball: string;
  /** Instructions that `docker import` adds. */
  changes: string[];
}

/** What the program outside of the namespaces hands to the one inside. */
export interface ComposeRun {
  /** The daemon's data: images, containers, volumes. On a disk, removed at the end. */
  dataDir: string;
  /** Sockets, secrets and settings; its path is short, as a socket's must be. Mode 0700, removed at the end. */
  scratch: string;
  /** Below it all containers' cgroups are made. */
  cgroup: string;
  images: BaseImage[];
}

export const proxySocket = ({ scratch }: ComposeRun): string => `${scratch}/registry.sock`;
export const dockerSocket = ({ scratch }: ComposeRun): string => `${scratch}/docker.sock`;
export const npmrcFile = ({ scratch }: ComposeRun): string => `${scratch}/npmrc`;
/** Certificates that npm trusts in the build. */
export const caFile = ({ scratch }: ComposeRun): string => `${scratch}/ca.crt`;
export const daemonLog = ({ scratch }: ComposeRun): string => `${scratch}/dockerd.log`;

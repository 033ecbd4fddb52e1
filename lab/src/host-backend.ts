import type { Progress } from './image-cache';
import type { HostRecord, LabHostState, LabRecord } from './lab-state';
import type { RunOptions, RunResult } from './run';

/**
 * How a lab makes its hosts. Namespaces are one way, virtual machines another. All methods are idempotent; a host's
 * disk is what `prepare` made; it is below the host's directory, and goes with it.
 */
export interface HostBackend {
  /** Finds in the cache, or builds, all that hosts are made from; returns the key of today's image. */
  image(progress: Progress): Promise<string>;
  /** Makes the disk of a new host, from the image and with the lab's key. */
  prepare(lab: LabRecord, host: HostRecord): Promise<void>;
  /** Power on: resolves when the host's network is up; sshd may take a moment longer. Keeps `host.cgroups` true. */
  boot(lab: LabRecord, host: HostRecord, persist: () => void): Promise<void>;
  /** Power loss: everything in the host ends at once. The disk stays. */
  kill(lab: LabRecord, host: HostRecord): Promise<void>;
  /** Runs a program in the host as root. By namespaces it works while the host is cut, into a virtual machine not. */
  exec(lab: LabRecord, host: HostRecord, argv: readonly string[], options: RunOptions): Promise<RunResult>;
  pause(lab: LabRecord, host: HostRecord): Promise<void>;
  resume(lab: LabRecord, host: HostRecord): Promise<void>;
  inspect(lab: LabRecord, host: HostRecord): { pid: number | null; state: LabHostState };
  /** The processes of all of a lab's hosts, as this machine numbers them; the dead too, until they are buried. */
  processes(labId: string): number[];
  /** Removes what a lab of this id may have left on the machine without a record of it. */
  sweep(labId: string, dir: string): Promise<void>;
}

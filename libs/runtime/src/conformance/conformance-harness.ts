import type { Readable } from 'node:stream';
import type { ContainerRuntime, ContainerSpec, TemplateImage } from '../container-runtime';

/** What a driver lends to the conformance suite. */
export interface ConformanceHarness {
  runtime: ContainerRuntime;
  /** A template whose guest has sh, echo, cat, seq, sleep, hostname, true and false. */
  image: TemplateImage;
  open: () => Promise<Readable>;
  /** A spec with an id, an id range and an address that nobody else uses on this host. */
  newSpec(change?: Partial<ContainerSpec>): ContainerSpec;
  /** Lets go of connections. The suite destroys its containers itself. */
  close(): Promise<void>;
}

export const MIB = 1024 ** 2;

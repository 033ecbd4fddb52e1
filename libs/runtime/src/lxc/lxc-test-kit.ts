import type { ContainerSpec } from '../container-runtime';
import { openLxcHarness } from './lxc-harness';
import type { LxcHarness } from './lxc-harness';

jest.setTimeout(120_000);

/** A harness with containers that are destroyed after each test. For spec files of the lxc driver alone. */
export interface LxcTestKit extends LxcHarness {
  created(change?: Partial<ContainerSpec>): Promise<ContainerSpec>;
  started(change?: Partial<ContainerSpec>): Promise<ContainerSpec>;
  /** Stdout of a shell line inside; throws on a non-zero exit. */
  inside(id: string, line: string): Promise<string>;
  /** Waits for a condition, at most `ms`. */
  until(what: string, condition: () => Promise<boolean>, ms?: number): Promise<void>;
  /** The container will be destroyed after the test. */
  adopt(id: string): void;
}

export function useLxcKit(template = 'busybox'): () => LxcTestKit {
  let kit: LxcTestKit | undefined;
  const made: string[] = [];
  beforeAll(async () => {
    const harness = await openLxcHarness(template);
    kit = makeKit(harness, made);
    await harness.runtime.prepareHost();
    await harness.runtime.ensureTemplate(harness.image, harness.open);
  });
  afterEach(async () => {
    for (const id of made.splice(0)) await kit?.runtime.destroy(id, { fence: 1_000_000 });
  });
  afterAll(() => kit?.close());
  return () => kit!;
}

function makeKit(harness: LxcHarness, made: string[]): LxcTestKit {
  const { runtime } = harness;
  const created = async (change?: Partial<ContainerSpec>) => {
    const spec = harness.newSpec(change);
    made.push(spec.id);
    await runtime.create(spec, { fence: 1 });
    return spec;
  };
  return {
    ...harness,
    created,
    started: async (change) => {
      const spec = await created(change);
      await runtime.start(spec.id, { fence: 1 });
      return spec;
    },
    inside: async (id, line) => {
      const result = await runtime.exec(id, ['sh', '-c', line], { timeoutMs: 30_000 });
      if (result.exitCode !== 0) throw new Error(`${line}: exit ${result.exitCode}: ${result.stderr}`);
      return result.stdout;
    },
    until,
    adopt: (id) => made.push(id),
  };
}

async function until(what: string, condition: () => Promise<boolean>, ms = 20_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms in vain: ${what}`);
  }
}

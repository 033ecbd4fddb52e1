import { setTimeout as delay } from 'node:timers/promises';
import type { Beancounter, BeancounterResource } from '@berth/contracts';
import type { ContainerUsage } from '../../container-runtime';
import { useLxcKit } from '../lxc-test-kit';
import type { LxcTestKit } from '../lxc-test-kit';

/** What one container did in a while, by the host's clock. */
export interface Window {
  seconds: number;
  of(id: string, resource: BeancounterResource): number;
}

export interface LoadKit extends LxcTestKit {
  /** Starts a line inside that goes on by itself; it ends with the container. */
  background(id: string, line: string): Promise<void>;
  /** How the counters of all containers grow in `ms`, read in one go at both ends. */
  window(ms: number): Promise<Window>;
  /**
   * Measures until a figure is within `low` and `high`, at most `turns` times, and gives all of them: other load on the
   * machine may keep a container below its limit for a while, nothing may let it above.
   */
  settle(low: number, high: number, figure: () => Promise<number>, turns?: number): Promise<number[]>;
  /**
   * Of windows in a row, the first of which is not counted, until the median of the last three is between `low` and
   * `high`, at most `turns`: that median, and the mean of all, which catches what the median hides.
   */
  steady(
    low: number,
    high: number,
    figure: () => Promise<number>,
    turns?: number,
  ): Promise<{ median: number; mean: number }>;
  counters(id: string): Promise<Record<BeancounterResource, Beancounter>>;
}

export function useLoadKit(): () => LoadKit {
  const kit = useLxcKit();
  return () => {
    const inner = kit();
    return {
      ...inner,
      background: async (id, line) => {
        await inner.inside(id, `setsid sh -c '${line}' </dev/null >/dev/null 2>&1 &`);
      },
      window: async (ms) => {
        const before = await inner.runtime.usage();
        await delay(ms);
        return windowBetween(before, await inner.runtime.usage());
      },
      settle: async (low, high, figure, turns = 6) => {
        const figures: number[] = [];
        for (let turn = 0; turn < turns; turn++) {
          figures.push(await figure());
          if (figures.at(-1)! >= low && figures.at(-1)! <= high) break;
        }
        return figures;
      },
      steady: async (low, high, figure, turns = 12) => {
        await figure();
        const figures: number[] = [];
        let median = NaN;
        while (figures.length < turns && !(median >= low && median <= high)) {
          figures.push(await figure());
          if (figures.length >= 3) median = [...figures.slice(-3)].sort((a, b) => a - b)[1]!;
        }
        return { median, mean: figures.reduce((sum, one) => sum + one, 0) / figures.length };
      },
      counters: async (id) => {
        const { beancounters } = await inner.runtime.beancounters(id);
        return Object.fromEntries(beancounters.map((one) => [one.resource, one])) as Record<
          BeancounterResource,
          Beancounter
        >;
      },
    };
  };
}

function windowBetween(before: ContainerUsage[], after: ContainerUsage[]): Window {
  const find = (usages: ContainerUsage[], id: string) => usages.find((one) => one.id === id)!;
  const held = (usages: ContainerUsage[], id: string, resource: BeancounterResource) =>
    find(usages, id).beancounters.find((one) => one.resource === resource)!.held;
  return {
    seconds: (after[0]!.at - before[0]!.at) / 1000,
    of: (id, resource) => held(after, id, resource) - held(before, id, resource),
  };
}

import { beancounterUnits } from '@berth/contracts';
import type { BeancounterResource } from '@berth/contracts';
import type { ContainerState, ContainerUsage } from '../container-runtime';

/** `ct ID STATE AT BOOT UPTIME` lines of `berth_usage`, each followed by its `bc` lines; `-` stands for none. */
export function parseUsage(output: string): ContainerUsage[] {
  const usages: ContainerUsage[] = [];
  for (const line of output.split('\n')) {
    const [key, first = '', ...rest] = line.split(' ');
    if (key === 'ct') {
      const [state, at, boot, uptime] = rest;
      usages.push({
        id: first,
        state: state as ContainerState,
        at: Number(at),
        boot: boot === '-' ? null : boot!,
        uptimeSeconds: numberOrNull(uptime),
        beancounters: [],
      });
    }
    if (key === 'bc') {
      const resource = first as BeancounterResource;
      const [held, maxheld, barrier, limit, failcnt] = rest.map(numberOrNull);
      usages.at(-1)?.beancounters.push({
        resource,
        unit: beancounterUnits[resource],
        held: held ?? 0,
        maxheld: maxheld ?? 0,
        barrier: barrier ?? null,
        limit: limit ?? null,
        failcnt: failcnt ?? 0,
      });
    }
  }
  return usages;
}

function numberOrNull(word: string | undefined): number | null {
  return word === undefined || word === '-' ? null : Number(word);
}

import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The checkout's root: two levels above both src and dist. */
export const PROJECT_ROOT = resolve(__dirname, '../..');

/** Where a stack keeps what it made. `BERTH_STATE_DIR` lets a second stack stand beside the first (tests). */
export interface StackPaths {
  state: string;
  logs: string;
  keys: string;
  postgres: string;
  redis: string;
  lab: string;
  /** The simulated hosts' state, which outlives a worker. */
  simulated: string;
  /** What is offered as templates where there is no lab. */
  standInTemplates: string;
  /** The contract with others; there while the stack runs. */
  stackFile: string;
  /** What to clean up after us; there from the first moment on. */
  recordFile: string;
}

export function stackPaths(env: NodeJS.ProcessEnv = process.env): StackPaths {
  const state = resolve(PROJECT_ROOT, env.BERTH_STATE_DIR ?? '.berth');
  return {
    state,
    logs: join(state, 'logs'),
    keys: join(state, 'keys'),
    postgres: join(state, 'postgres'),
    redis: join(state, 'redis'),
    lab: join(state, 'lab'),
    simulated: join(state, 'simulated'),
    standInTemplates: join(state, 'simulated/templates'),
    stackFile: join(state, 'stack.json'),
    recordFile: join(state, 'supervisor.json'),
  };
}

/** Images of hosts and templates live here, outside of the checkout: a fresh clone finds them. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'berth');
}

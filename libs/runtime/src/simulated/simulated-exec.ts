import { setTimeout as delay } from 'node:timers/promises';

/** What a simulated guest answers to a command; enough for tests of what surrounds it. */
export interface GuestAnswer {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Knows true, false, echo, cat, hostname, seq, sleep and `sh -c 'exit N'`; anything else is not found (127). */
export async function runGuestCommand(
  command: readonly string[],
  guest: { hostname: string; stdin: string; signal: AbortSignal },
): Promise<GuestAnswer> {
  const [name = '', ...args] = command;
  const out = (stdout: string, exitCode = 0): GuestAnswer => ({ exitCode, stdout, stderr: '' });
  switch (name.replace(/^\/(usr\/)?bin\//, '')) {
    case 'true':
      return out('');
    case 'false':
      return out('', 1);
    case 'echo':
      return out(`${args.join(' ')}\n`);
    case 'cat':
      return out(guest.stdin);
    case 'hostname':
      return out(`${guest.hostname}\n`);
    case 'seq':
      return out(Array.from({ length: Number(args.at(-1)) }, (_, index) => `${index + 1}\n`).join(''));
    case 'sleep':
      await delay(Number(args[0]) * 1000, undefined, { signal: guest.signal });
      return out('');
    case 'sh': {
      const exit = /^exit (\d+)$/.exec(args[1] ?? '');
      if (exit) return out('', Number(exit[1]));
    }
  }
  return { exitCode: 127, stdout: '', stderr: `${name}: command not found\n` };
}

import { PassThrough } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import type { CommandHandle } from '../shell/command-handle';

const PID_LINE = /^berth-pid (\d+)\n/;
const LONGEST_PID_LINE = 32;

/**
 * Starts a command on a connection. It tells its process id first, because sshd gives root's sessions no signals
 * (no privilege separation there): killing takes a second command. sshd makes each command a session of its own, so
 * that the id names the process group.
 */
export function openChannel(client: Client, commandLine: string): Promise<CommandHandle> {
  return new Promise((resolve, reject) => {
    client.exec(`echo "berth-pid $$" >&2; ${commandLine}`, (error, channel) => {
      // Listeners at once: the exit status may sit in the very packet that brought us here.
      if (error) reject(error);
      else resolve(handleOf(client, channel));
    });
  });
}

function handleOf(client: Client, channel: ClientChannel): CommandHandle {
  const stderr = new PassThrough();
  let pid: string | null = null;
  let head: Buffer | null = Buffer.alloc(0);
  let killed = false;
  const killRemote = () => {
    if (pid)
      client.exec(`kill -KILL -- -${pid}`, (error, killer) => !error && killer.resume().stderr.resume());
  };
  channel.stderr.on('data', (chunk: Buffer) => {
    if (head === null) return void stderr.write(chunk);
    head = Buffer.concat([head, chunk]);
    if (!head.includes(10) && head.length < LONGEST_PID_LINE) return;
    const found = PID_LINE.exec(head.toString('latin1'));
    pid = found?.[1] ?? null;
    stderr.write(head.subarray(found?.[0].length ?? 0));
    head = null;
    if (killed) killRemote();
  });
  let code: number | null = null;
  let signal: string | null = null;
  channel.on('exit', (exitCode: number | null, exitSignal?: string) => {
    code = exitCode;
    signal = exitSignal ?? null;
  });
  channel.on('error', () => {}); // Its end tells all we need.
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    channel.on('close', () => {
      stderr.end();
      resolve({ code, signal });
    });
  });
  const kill = () => {
    if (killed) return;
    killed = true;
    try {
      killRemote();
    } catch {
      // The connection is gone: nothing can be reached through it.
    }
  };
  return { stdin: channel.stdin as CommandHandle['stdin'], stdout: channel, stderr, ended, kill };
}

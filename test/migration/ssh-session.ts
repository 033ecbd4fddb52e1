import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { eventually } from '@berth/testing';

/** Somebody's terminal in a server: one ssh, kept open, that echoes what is typed into it. */
export class SshSession {
  private readonly child: ChildProcessWithoutNullStreams;
  private heard = '';
  private typed = 0;

  constructor(address: string, keyPath: string) {
    const options = [
      'BatchMode=yes',
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
      'LogLevel=ERROR',
    ];
    const args = [
      ...options.flatMap((option) => ['-o', option]),
      '-i',
      keyPath,
      '-tt',
      `root@${address}`,
      'cat',
    ];
    this.child = spawn('ssh', args);
    this.child.stdout.on('data', (chunk: Buffer) => (this.heard += chunk.toString()));
    this.child.stdin.on('error', () => undefined);
  }

  get isOpen(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Types a line and waits until the server's `cat` (not the terminal's echo alone) has said it again. */
  async echoes(timeoutMs = 10_000): Promise<void> {
    const line = `line-${++this.typed}`;
    this.child.stdin.write(`${line}\n`);
    const heard = () => this.heard.split(line).length > 2 || !this.isOpen;
    await eventually(`the session echoing ${line}`, heard, { timeoutMs });
    if (!this.isOpen) throw new Error(`the ssh session ended: ${this.heard.slice(-200)}`);
  }

  end(): void {
    this.child.kill();
  }
}

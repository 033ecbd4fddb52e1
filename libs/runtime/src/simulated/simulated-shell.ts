import { createHash, type Hash } from 'node:crypto';

export interface ShellSize {
  columns: number;
  rows: number;
}

/** Waits for so many bytes, which nothing echoes, and gives their sha256. */
interface Counting {
  left: number;
  hash: Hash;
}

/**
 * What answers in a simulated terminal: echoes what is typed, and knows `echo`, `hostname`, `stty size`, `exit N`,
 * `head -c N | sha256sum`, and `yes`, which prints until Ctrl-C.
 */
export class SimulatedShell {
  private line: number[] = [];
  private counting: Counting | null = null;
  private flooding = false;
  private exitCode: number | null = null;
  private pending: Buffer[] = [];

  constructor(
    private readonly hostname: string,
    private size: ShellSize,
  ) {
    this.prompt();
  }

  /** Null while it runs. */
  get exited(): number | null {
    return this.exitCode;
  }

  resize(size: ShellSize): void {
    this.size = size;
  }

  /** The next of what it prints; null if there is nothing. */
  read(): Buffer | null {
    if (this.pending.length > 0) return Buffer.concat(this.pending.splice(0));
    return this.flooding ? Buffer.from('y\r\n'.repeat(1000)) : null;
  }

  type(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && this.exitCode === null;) {
      if (this.counting) at += this.count(bytes.subarray(at), this.counting);
      else this.key(bytes[at++]!);
    }
  }

  private count(bytes: Buffer, counting: Counting): number {
    const part = bytes.subarray(0, counting.left);
    counting.hash.update(part);
    counting.left -= part.length;
    if (counting.left === 0) {
      this.counting = null;
      this.print(`${counting.hash.digest('hex')}  -\n`);
      this.prompt();
    }
    return part.length;
  }

  private key(byte: number): void {
    if (byte === 3) {
      this.flooding = false;
      this.line = [];
      this.print('^C\n');
      this.prompt();
    } else if (byte === 4 && this.line.length === 0) {
      this.exitCode = 0;
    } else if (byte === 13 || byte === 10) {
      this.print('\n');
      this.run(Buffer.from(this.line.splice(0)).toString());
    } else {
      this.line.push(byte);
      this.pending.push(Buffer.from([byte]));
    }
  }

  private run(line: string): void {
    const [, name = '', rest = ''] = /^\s*(\S*)\s*(.*)$/.exec(line) ?? [];
    const count = /^-c (\d+) \| sha256sum$/.exec(rest);
    if (name === 'exit') {
      this.exitCode = Number(rest) || 0;
      return;
    }
    if (name === 'yes') {
      this.flooding = true;
      return;
    }
    if (name === 'head' && count) {
      this.counting = { left: Number(count[1]), hash: createHash('sha256') };
      return;
    }
    if (name === 'echo') this.print(`${rest}\n`);
    else if (name === 'hostname') this.print(`${this.hostname}\n`);
    else if (name === 'stty' && rest === 'size') this.print(`${this.size.rows} ${this.size.columns}\n`);
    else if (name) this.print(`${name}: command not found\n`);
    this.prompt();
  }

  private prompt(): void {
    this.print('# ');
  }

  private print(text: string): void {
    this.pending.push(Buffer.from(text.replaceAll('\n', '\r\n')));
  }
}

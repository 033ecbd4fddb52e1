import { rmSync } from 'node:fs';

import { readJson, writePrivateJson } from '../private-file';
import { identityOf, isRunning, type ProcessIdentity } from './process-identity';

interface RecordContent {
  supervisor: ProcessIdentity;
  children: Record<string, ProcessIdentity>;
}

/** Which processes a stack runs, on disk from its first moment, so that `stop` can end them even after a kill -9. */
export class RunRecord {
  private readonly content: RecordContent;

  private constructor(private readonly file: string) {
    this.content = { supervisor: identityOf(process.pid), children: {} };
    this.save();
  }

  /** Says that this process is the stack's supervisor. */
  static begin(file: string): RunRecord {
    return new RunRecord(file);
  }

  /** The supervisor on record, running or not; null if there is none. */
  static supervisor(file: string): ProcessIdentity | null {
    return readJson<RecordContent>(file)?.supervisor ?? null;
  }

  /** Processes on record that still run, less the supervisor. */
  static leftChildren(file: string): ProcessIdentity[] {
    return Object.values(readJson<RecordContent>(file)?.children ?? {}).filter(isRunning);
  }

  setChild(name: string, pid: number): void {
    this.content.children[name] = identityOf(pid);
    this.save();
  }

  end(): void {
    rmSync(this.file, { force: true });
  }

  private save(): void {
    writePrivateJson(this.file, this.content);
  }
}

import { rmSync } from 'node:fs';

import { readJson, writePrivateJson } from './private-file';

/** `.berth/stack.json`: how others find a running stack. Names and shapes are a contract. */
export interface StackFileContent {
  apiUrl: string;
  dashboardUrl: string;
  tokens: { operator: string; billing: string; customer: string };
  tenantId: string;
  /** The lab's hosts only. */
  hosts: StackHost[];
  postgresUrl: string;
  redisUrl: string;
  pids: { api: number[]; worker: number[] };
}

export interface StackHost {
  id: string;
  name: string;
  address: string;
  port: number;
  user: string;
  privateKeyPath: string;
}

/** The file of our own stack: written once the stack is complete, renewed when a process is. */
export class StackFile {
  private content: StackFileContent | null = null;

  constructor(private readonly path: string) {}

  static read(path: string): StackFileContent | null {
    return readJson<StackFileContent>(path);
  }

  publish(content: StackFileContent): void {
    this.content = content;
    writePrivateJson(this.path, content);
  }

  setPid(role: keyof StackFileContent['pids'], pid: number): void {
    if (!this.content) return;
    this.publish({ ...this.content, pids: { ...this.content.pids, [role]: [pid] } });
  }

  remove(): void {
    this.content = null;
    rmSync(this.path, { force: true });
  }
}

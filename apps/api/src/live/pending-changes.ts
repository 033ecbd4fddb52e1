import type { StaleResource } from './change-resources';

/** What has changed and was not told yet. Ids, not states: what is told is read when it is. */
export class PendingChanges {
  private operations = new Set<string>();
  private servers = new Set<string>();
  private resources = new Map<string, StaleResource>();

  operation(id: string): void {
    this.operations.add(id);
  }

  server(id: string): void {
    this.servers.add(id);
  }

  stale(one: StaleResource): void {
    const { resource, reach } = one;
    this.resources.set(`${resource} ${typeof reach === 'string' ? reach : reach.tenantId}`, one);
  }

  get isEmpty(): boolean {
    return this.operations.size + this.servers.size + this.resources.size === 0;
  }

  take(): ChangeBatch {
    const batch = {
      operations: [...this.operations],
      servers: [...this.servers],
      resources: [...this.resources.values()],
    };
    this.clear();
    return batch;
  }

  /** Of a batch that could not be told. */
  putBack({ operations, servers, resources }: ChangeBatch): void {
    for (const id of operations) this.operation(id);
    for (const id of servers) this.server(id);
    for (const one of resources) this.stale(one);
  }

  clear(): void {
    this.operations = new Set();
    this.servers = new Set();
    this.resources = new Map();
  }
}

export interface ChangeBatch {
  operations: string[];
  servers: string[];
  resources: StaleResource[];
}

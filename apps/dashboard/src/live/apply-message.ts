import type { QueryClient, QueryKey } from '@tanstack/react-query';
import type { RowsPage } from '../api/list';
import type { Operation, Server } from '../api/types';
import type { LiveMessage } from './live-stream';

/** Lists are asked for again at most once in so long, however much changes. */
const REFRESH_MS = 1000;
/** Kinds that move with others: where servers change, so do these sums. */
const FOLLOWERS: Record<string, string[]> = {
  servers: ['quota', 'overview', 'hosts', 'ip_pools'],
  operations: ['overview', 'jobs', 'audit_events'],
  hosts: ['overview'],
  webhooks: ['webhook_deliveries'],
};

/** Keeps what the pages have in the query client as the live stream tells it. */
export class LiveCache {
  private readonly waiting = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly client: QueryClient) {}

  /** After a gap: whatever is on the page is asked for again. */
  refreshAll(): void {
    void this.client.invalidateQueries();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  take({ type, data }: LiveMessage): void {
    if (type === 'operation') this.takeOperation(data as Operation);
    if (type === 'server') this.takeServer(data as Server | { id: string; deleted: true });
    if (type === 'changed' || type === 'overflow') {
      for (const resource of (data as { resources: string[] }).resources) this.refresh(resource);
    }
  }

  private takeOperation(operation: Operation): void {
    const before = this.client.getQueryData<Operation>(['operations', 'one', operation.id]);
    this.client.setQueryData(['operations', 'one', operation.id], operation);
    this.replaceRow('operations', operation);
    this.refresh('operations');
    // Snapshots, addresses and the like are made by operations: their lists are right when one has ended.
    if (operation.server_id && operation.finished_at && !before?.finished_at) this.refresh('snapshots');
  }

  private takeServer(server: Server | { id: string; deleted: true }): void {
    if ('deleted' in server) {
      // Not asked for again, which would be refused: what was known of it, and that it is gone.
      this.client.setQueryData<Server>(
        ['servers', 'one', server.id],
        (known) => known && { ...known, status: 'deleted', operation: null },
      );
    } else {
      this.client.setQueryData(['servers', 'one', server.id], server);
      this.replaceRow('servers', server);
    }
    this.refresh('servers');
  }

  /** A row that is on a page changes at once; whether it still belongs there, the list tells a moment later. */
  private replaceRow<T extends { id: string }>(resource: string, row: T): void {
    this.client.setQueriesData<RowsPage<T>>({ queryKey: [resource, 'list'] }, (page) => {
      if (!page?.rows?.some(({ id }) => id === row.id)) return page;
      return { ...page, rows: page.rows.map((one) => (one.id === row.id ? row : one)) };
    });
  }

  private refresh(resource: string): void {
    this.waiting.add(resource);
    for (const follower of FOLLOWERS[resource] ?? []) this.waiting.add(follower);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const resources = [...this.waiting];
      this.waiting.clear();
      void this.client.invalidateQueries({ predicate: ({ queryKey }) => concerns(queryKey, resources) });
    }, REFRESH_MS);
  }
}

/** `['servers', 'one', id]` is told by itself; lists and sums of a kind are asked for. */
function concerns(key: QueryKey, resources: string[]): boolean {
  const [resource, what] = key;
  if (typeof resource !== 'string' || !resources.includes(resource)) return false;
  return !(what === 'one' && (resource === 'servers' || resource === 'operations'));
}

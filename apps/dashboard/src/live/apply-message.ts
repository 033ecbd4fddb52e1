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
  private readonly waitingWhole = new Set<string>();
  private taken: Promise<void> = Promise.resolve();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly client: QueryClient) {}

  /** After a gap: whatever is on the page is asked for again. */
  refreshAll(): void {
    void this.client.invalidateQueries();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  /** In the order of the calls. */
  take(message: LiveMessage): void {
    this.taken = this.taken.then(() => this.apply(message)).catch(() => undefined);
  }

  private async apply({ type, data }: LiveMessage): Promise<void> {
    if (type === 'operation') await this.takeOperation(data as Operation);
    if (type === 'server') await this.takeServer(data as Server | { id: string; deleted: true });
    if (type === 'changed') for (const resource of resourcesOf(data)) this.refresh(resource);
    // Too much to be told one by one: what is looked at is asked for, single things included.
    if (type === 'overflow') for (const resource of resourcesOf(data)) this.refresh(resource, true);
  }

  private async takeOperation(operation: Operation): Promise<void> {
    const before = this.client.getQueryData<Operation>(['operations', 'one', operation.id]);
    await this.put<Operation>(['operations', 'one', operation.id], () => operation);
    this.replaceRow('operations', operation);
    this.refresh('operations');
    // Snapshots, addresses and the like are made by operations: their lists are right when one has ended.
    if (operation.server_id && operation.finished_at && !before?.finished_at) this.refresh('snapshots');
  }

  private async takeServer(server: Server | { id: string; deleted: true }): Promise<void> {
    const key = ['servers', 'one', server.id];
    if ('deleted' in server) {
      // Not asked for again, which would be refused: what was known of it, and that it is gone.
      await this.put<Server>(key, (known) => known && { ...known, status: 'deleted', operation: null });
    } else {
      await this.put<Server>(key, () => server);
      this.replaceRow('servers', server);
    }
    this.refresh('servers');
  }

  /** An answer that is on its way may be older than what is told here, and must not overwrite it: it is given up. */
  private async put<T>(key: QueryKey, update: (known: T | undefined) => T | undefined): Promise<void> {
    await this.client.cancelQueries({ queryKey: key, exact: true });
    this.client.setQueryData<T>(key, update);
  }

  /** A row that is on a page changes at once; whether it still belongs there, the list tells a moment later. */
  private replaceRow<T extends { id: string }>(resource: string, row: T): void {
    this.client.setQueriesData<RowsPage<T>>({ queryKey: [resource, 'list'] }, (page) => {
      if (!page?.rows?.some(({ id }) => id === row.id)) return page;
      return { ...page, rows: page.rows.map((one) => (one.id === row.id ? row : one)) };
    });
  }

  /** `whole`: what is told by itself, too. */
  private refresh(resource: string, whole = false): void {
    this.waiting.add(resource);
    if (whole) this.waitingWhole.add(resource);
    for (const follower of FOLLOWERS[resource] ?? []) this.waiting.add(follower);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const [some, whole] = [new Set(this.waiting), new Set(this.waitingWhole)];
      this.waiting.clear();
      this.waitingWhole.clear();
      void this.client.invalidateQueries({ predicate: ({ queryKey }) => concerns(queryKey, some, whole) });
    }, REFRESH_MS);
  }
}

const resourcesOf = (data: unknown) => (data as { resources: string[] }).resources;

/** `['servers', 'one', id]` is told by itself; lists and sums of a kind are asked for. */
function concerns(key: QueryKey, some: Set<string>, whole: Set<string>): boolean {
  const [resource, what] = key;
  if (typeof resource !== 'string' || !some.has(resource)) return false;
  const toldByItself = what === 'one' && (resource === 'servers' || resource === 'operations');
  return !toldByItself || whole.has(resource);
}

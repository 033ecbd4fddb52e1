import { queryOptions } from '@tanstack/react-query';
import { answerOf, api } from './client';

/** So long more names are waited for before they are asked for, ms: less than a frame. */
const GATHER_MS = 8;
/** Ids in one request: the API's most. */
const MOST = 100;

type Named = { id: string; name: string };

/** Names by id, one request for all that a page asks for at a time; null where there is no such thing any more. */
class NameLoader {
  private waiting = new Map<string, ((name: string | null) => void)[]>();
  private failing: ((error: unknown) => void)[] = [];

  constructor(private readonly find: (query: { id: string; per_page: string }) => Promise<Named[]>) {}

  load(id: string): Promise<string | null> {
    return new Promise((resolve, reject) => {
      if (this.waiting.size === 0) setTimeout(() => void this.send(), GATHER_MS);
      this.waiting.set(id, [...(this.waiting.get(id) ?? []), resolve]);
      this.failing.push(reject);
      if (this.waiting.size >= MOST) void this.send();
    });
  }

  private async send(): Promise<void> {
    const [waiting, failing] = [this.waiting, this.failing];
    if (waiting.size === 0) return;
    [this.waiting, this.failing] = [new Map(), []];
    try {
      const found = await this.find({ id: [...waiting.keys()].join(','), per_page: String(MOST) });
      const names = new Map(found.map(({ id, name }) => [id, name]));
      for (const [id, resolves] of waiting) for (const resolve of resolves) resolve(names.get(id) ?? null);
    } catch (error) {
      for (const reject of failing) reject(error);
    }
  }
}

const loaders = {
  servers: new NameLoader(
    async (query) => (await answerOf(api.GET('/v1/servers', { params: { query } }))).servers,
  ),
  hosts: new NameLoader(async (query) => (await answerOf(api.GET('/v1/hosts', { params: { query } }))).hosts),
  tenants: new NameLoader(
    async (query) => (await answerOf(api.GET('/v1/tenants', { params: { query } }))).tenants,
  ),
};

/** What people call a thing whose id is known. */
export const nameQuery = (kind: keyof typeof loaders, id: string) =>
  queryOptions({
    queryKey: ['names', kind, id],
    queryFn: () => loaders[kind].load(id),
    staleTime: 5 * 60_000,
  });

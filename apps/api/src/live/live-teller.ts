import type { EntityManager } from 'typeorm';
import type { Audience } from './audience';
import {
  liveMessage,
  type MessagesFor,
  operationMessages,
  ownersOf,
  serverMessages,
  viewerOf,
} from './live-views';
import type { ChangeBatch } from './pending-changes';

/** Messages kept to tell a state that was told from a new one. */
const REMEMBERED = 2000;

interface Part {
  audience: Audience;
  operations: string[];
  servers: string[];
}

/** Makes of what has changed what each audience is told. What nobody is told is not read. */
export class LiveTeller {
  private told = new Map<string, string>();

  constructor(private readonly em: EntityManager) {}

  /** By audience, the text to be sent to each of its streams; empty texts are left out. */
  async tell(
    batch: ChangeBatch,
    audiences: readonly Audience[],
    now: number,
  ): Promise<Map<Audience, string>> {
    const owners = await ownersOf(this.em, batch.operations, batch.servers);
    const parts = audiences.map((audience): Part => {
      const visible = (ids: string[]) =>
        ids.filter((id) => owners.has(id) && audience.sees(owners.get(id) ?? null));
      for (const { resource, reach } of batch.resources)
        if (audience.isReached(reach)) audience.changed.add(resource);
      return {
        audience,
        operations: audience.admit('operations', visible(batch.operations), now),
        servers: audience.admit('servers', visible(batch.servers), now),
      };
    });
    const operations = await operationMessages(this.em, union(parts.map((part) => part.operations)));
    const servers = await serverMessages(this.em, union(parts.map((part) => part.servers)));
    const isNews = this.newsOf([operations, servers]);
    const texts = parts.map(({ audience, ...ids }): [Audience, string] => {
      const viewer = viewerOf(audience.caller.role);
      const messages = [
        ...ids.operations.map((id) => operations[viewer].get(id)),
        ...ids.servers.map((id) => servers[viewer].get(id)),
      ].filter((message) => message !== undefined && isNews.has(message));
      return [audience, messages.join('') + this.notices(audience, now)];
    });
    return new Map(texts.filter(([, text]) => text !== ''));
  }

  /** Nobody listens any more. */
  forget(): void {
    this.told.clear();
  }

  private notices(audience: Audience, now: number): string {
    const [changed, overflow] = [audience.changed.take(now), audience.overflow.take(now)];
    return (
      (changed.length > 0 ? liveMessage('changed', { resources: changed }) : '') +
      (overflow.length > 0 ? liveMessage('overflow', { resources: overflow }) : '')
    );
  }

  /** The same change is often heard of on two ways: a state that was told last of a thing is not told again. */
  private newsOf(kinds: MessagesFor[]): Set<string> {
    const news = new Set<string>();
    for (const messages of kinds) {
      for (const [viewer, byId] of Object.entries(messages)) {
        for (const [id, message] of byId) {
          const key = `${viewer} ${id}`;
          if (this.told.get(key) !== message) news.add(message);
          this.told.delete(key);
          this.told.set(key, message);
        }
      }
    }
    for (const key of this.told.keys()) {
      if (this.told.size <= REMEMBERED) break;
      this.told.delete(key);
    }
    return news;
  }
}

const union = (lists: string[][]): string[] => [...new Set(lists.flat())];

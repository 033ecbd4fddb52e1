import type { LiveEvents } from '@berth/contracts';

/** A client of `GET /v1/stream` that keeps all that it is told. */
export interface LiveStream {
  status: number;
  type: string | null;
  ended: boolean;
  bytes: number;
  /** In the order in which they came. */
  of<N extends keyof LiveEvents>(name: N): LiveEvents[N][];
  close(): void;
}

/** Resolves with the answer's head, which comes with `hello`. */
export async function openLiveStream(url: string, as: string | { cookie: string }): Promise<LiveStream> {
  const abort = new AbortController();
  const response = await fetch(`${url}/v1/stream`, {
    headers: typeof as === 'string' ? { authorization: `Bearer ${as}` } : { cookie: as.cookie },
    signal: abort.signal,
  });
  const told: { name: string; data: unknown }[] = [];
  const stream: LiveStream = {
    status: response.status,
    type: response.headers.get('content-type'),
    ended: false,
    bytes: 0,
    of: <N extends keyof LiveEvents>(name: N) =>
      told.filter((one) => one.name === name).map(({ data }) => data as LiveEvents[N]),
    close: () => abort.abort(),
  };
  const read = async () => {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of response.body!) {
      stream.bytes += (chunk as Uint8Array).length;
      const blocks = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n\n');
      rest = blocks.pop()!;
      for (const block of blocks) {
        const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
        if (name && data) told.push({ name, data: JSON.parse(data) });
      }
    }
    stream.ended = true;
  };
  read().catch(() => (stream.ended = true));
  return stream;
}

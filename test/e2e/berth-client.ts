import { eventually } from '@berth/testing';

export interface ApiAnswer<T = Record<string, unknown>> {
  status: number;
  body: T;
  headers: Headers;
}

export interface ServerView {
  id: string;
  name: string;
  hostname: string;
  status: string;
  host_id?: string;
  operation: string | null;
  addresses: { address: string; family: 4 | 6; prefix: number; primary: boolean }[];
}

export interface OperationView {
  id: string;
  kind: string;
  status: string;
  progress: number;
  server_id: string | null;
  steps: { name: string; status: string; attempt: number; error: unknown }[];
  error: { code: string; message: string; step: string | null } | null;
}

export interface Ordered {
  server: ServerView;
  operation: OperationView;
  root_password?: string;
}

const ENDED = new Set(['succeeded', 'failed', 'cancelled']);

/** The HTTP API as a customer's or operator's program uses it. Knows nothing of the code behind it. */
export class BerthClient {
  constructor(
    readonly origin: string,
    readonly token: string,
  ) {}

  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<ApiAnswer<T>> {
    const response = await fetch(`${this.origin}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: (text ? JSON.parse(text) : {}) as T, headers: response.headers };
  }

  /** Throws unless the answer is 2xx. */
  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.call<T>(method, path, body);
    if (answer.status >= 300)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  order(order: Record<string, unknown>): Promise<Ordered> {
    return this.ask('POST', '/v1/servers', { plan: 'nano', template: 'busybox', ...order });
  }

  async server(id: string): Promise<ServerView> {
    return (await this.ask<{ server: ServerView }>('GET', `/v1/servers/${id}`)).server;
  }

  /** Follows an operation's events to its end, however it ends: hears of it at once, and asks for nothing meanwhile. */
  async followed(id: string): Promise<{ operation: OperationView; server: ServerView | null }> {
    const response = await fetch(`${this.origin}/v1/operations/${id}/events`, {
      headers: { authorization: `Bearer ${this.token}` },
    });
    const last = new Map<string, unknown>();
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body!) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      const events = text.split('\n\n');
      text = events.pop()!;
      for (const event of events) {
        const [, name, data] = /^event: (\w+)\ndata: (.*)$/m.exec(event) ?? [];
        if (name) last.set(name, JSON.parse(data!));
      }
    }
    const operation = last.get('operation') as OperationView | undefined;
    if (!operation || !ENDED.has(operation.status))
      throw new Error(`the events of operation ${id} ended before it did`);
    return { operation, server: (last.get('server') as ServerView | undefined) ?? null };
  }

  /** Waits for an operation's end, however it ends. */
  ended(id: string, timeoutMs = 60_000): Promise<OperationView> {
    const look = async () => {
      const { operation } = await this.ask<{ operation: OperationView }>('GET', `/v1/operations/${id}`);
      return ENDED.has(operation.status) ? operation : null;
    };
    return eventually(`the end of operation ${id}`, look, { timeoutMs, intervalMs: 50 });
  }

  /** Waits for an operation's end; throws with its error where that isn't success. */
  async done(id: string, timeoutMs = 60_000): Promise<OperationView> {
    const operation = await this.ended(id, timeoutMs);
    if (operation.status !== 'succeeded')
      throw new Error(`${operation.kind} ${operation.status}: ${JSON.stringify(operation.error)}`);
    return operation;
  }

  /** Orders and waits until it runs. */
  async running(order: Record<string, unknown>): Promise<Ordered> {
    const ordered = await this.order(order);
    await this.done(ordered.operation.id, 120_000);
    return { ...ordered, server: await this.server(ordered.server.id) };
  }

  /** An action, to its end. */
  async act(
    serverId: string,
    verb: string,
    body: Record<string, unknown> = {},
  ): Promise<Record<string, unknown> & { operation: OperationView }> {
    const answer = await this.ask<Record<string, unknown> & { operation: OperationView }>(
      'POST',
      `/v1/servers/${serverId}/actions/${verb}`,
      body,
    );
    await this.done(answer.operation.id);
    return answer;
  }

  async exec(
    serverId: string,
    command: string[],
    timeoutS = 20,
  ): Promise<{ exit_code: number; stdout: string; stderr: string }> {
    return this.ask('POST', `/v1/servers/${serverId}/exec`, { command, timeout_s: timeoutS });
  }

  statusBecomes(serverId: string, status: string, timeoutMs = 30_000): Promise<ServerView> {
    const look = async () => {
      const server = await this.server(serverId);
      return server.status === status && server.operation === null ? server : null;
    };
    return eventually(`status ${status} of server ${serverId}`, look, { timeoutMs, intervalMs: 50 });
  }
}

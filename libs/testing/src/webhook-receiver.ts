import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from './eventually';

export interface ReceivedWebhook {
  headers: IncomingHttpHeaders;
  body: string;
  /** The body, parsed. */
  event: {
    id: string;
    type: string;
    subject: string;
    sequence: string;
    data: Record<string, unknown> & { server_id: string | null };
  };
  /** What was answered. */
  status: number;
}

type Reply = (got: Omit<ReceivedWebhook, 'status'>, response: ServerResponse) => number | Promise<number>;

/** An HTTP server on loopback that takes webhooks and keeps them in order of arrival. */
export class WebhookReceiver {
  readonly received: ReceivedWebhook[] = [];
  /** Decides on the answer's status; may set headers before. */
  reply: Reply = () => 204;
  private readonly server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const got = { headers: request.headers, body, event: JSON.parse(body) as ReceivedWebhook['event'] };
      void Promise.resolve(this.reply(got, response)).then((status) => {
        this.received.push({ ...got, status });
        response.statusCode = status;
        response.end(`answer ${status}`);
      });
    });
  });

  async listen(): Promise<this> {
    await new Promise<void>((ready) => this.server.listen(0, '127.0.0.1', ready));
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  /** Those that it took, in order of arrival. */
  get taken(): ReceivedWebhook[] {
    return this.received.filter(({ status }) => status < 300);
  }

  /** Waits until so many have arrived, taken or not. */
  arrived(count: number): Promise<true> {
    return eventually(`${count} webhooks`, () => this.received.length >= count, { timeoutMs: 30_000 });
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }
}

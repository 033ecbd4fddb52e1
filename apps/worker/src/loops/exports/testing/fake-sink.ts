import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SinkRequest {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

type SinkAnswer = { status: number; body?: string; headers?: Record<string, string> };

/** A billing system's HTTP side: keeps what it gets, and answers as it is told. */
export class FakeSink {
  readonly requests: SinkRequest[] = [];
  /** Undefined: none is given, the connection is cut. */
  answer: (request: SinkRequest) => SinkAnswer | undefined | Promise<SinkAnswer | undefined> = () => ({
    status: 200,
  });

  private constructor(private readonly server: Server) {}

  static async open(): Promise<FakeSink> {
    const server = createServer();
    const sink = new FakeSink(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const told = {
          path: request.url ?? '',
          headers: request.headers,
          body: Buffer.concat(chunks).toString(),
        };
        sink.requests.push(told);
        void Promise.resolve(sink.answer(told)).then((answer) => {
          if (!answer) return request.socket.destroy();
          response.writeHead(answer.status, answer.headers).end(answer.body ?? '{}');
        });
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return sink;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

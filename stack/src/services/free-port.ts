import { createServer } from 'node:net';

/**
 * A TCP port on 127.0.0.1 that was free a moment ago; `preferred` if that one is.
 * Another process may still take it first: callers start again with another port when binding fails.
 */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined) {
    const port = await tryListen(preferred).catch(() => null);
    if (port !== null) return port;
  }
  return tryListen(0);
}

function tryListen(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => {
        if (address && typeof address === 'object') resolve(address.port);
        else reject(new Error('listening on 127.0.0.1 gave no port'));
      });
    });
  });
}

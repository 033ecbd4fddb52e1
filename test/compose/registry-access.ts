import { parseUrl } from '@berth/contracts';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { connect } from 'node:net';

import { mustRun } from './command';
import { caFile, type ComposeRun, npmrcFile, PROJECT_ROOT, proxySocket } from './compose-run';

/** Where Debian's ca-certificates keeps what the machine trusts. */
const SYSTEM_CA = '/etc/ssl/certs/ca-certificates.crt';

/**
 * Lets `docker build` inside of the namespaces reach the npm registry of this machine's settings and nothing else: a proxy
 * that listens on a Unix socket, so that no route, address or firewall rule is needed. Registry and certificates are given
 * to the build as secrets, which leave no trace in the image.
 */
export async function giveRegistryAccess(run: ComposeRun): Promise<Server> {
  const asked = await mustRun(['npm', 'config', 'get', 'registry'], { cwd: PROJECT_ROOT });
  const registry = new URL(asked.trim());
  const ca = [process.env.NODE_EXTRA_CA_CERTS, SYSTEM_CA].find((file) => file && existsSync(file));
  const lines = [`registry=${registry.href}`, ...(ca ? ['cafile=/run/secrets/ca'] : [])];
  writeFileSync(npmrcFile(run), `${lines.join('\n')}\n`, { mode: 0o600 });
  writeFileSync(caFile(run), ca ? readFileSync(ca) : '', { mode: 0o600 });
  return serveProxy(registry, proxySocket(run));
}

async function serveProxy(registry: URL, socketPath: string): Promise<Server> {
  const port = registry.port || (registry.protocol === 'http:' ? '80' : '443');
  const allowed = `${registry.hostname}:${port}`;
  const proxy = createServer((incoming, outgoing) => {
    // A registry without TLS: the whole URL is in the request line.
    const wanted = parseUrl(incoming.url ?? '');
    if (wanted?.host !== registry.host || wanted.protocol !== 'http:') {
      outgoing.writeHead(403).end(`only ${allowed} may be reached from here\n`);
      return;
    }
    const onward = request(wanted, { method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  proxy.on('connect', (incoming, client, head) => {
    client.on('error', () => undefined);
    if (incoming.url !== allowed) {
      client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const upstream = connect(Number(port), registry.hostname, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client);
      client.pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    proxy.once('error', reject);
    proxy.listen(socketPath, resolve);
  });
  return proxy;
}

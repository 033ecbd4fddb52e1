import type { INestApplication } from '@nestjs/common';

/**
 * Connections that may wait to be accepted. Node's 511 is too few for a burst of orders: the kernel resets what comes on
 * top. The kernel's own limit (net.core.somaxconn) cuts it where that is lower.
 */
const BACKLOG = 4096;

/** Nest passes on what `server.listen` takes, but its types know no backlog. */
type Listening = { listen(port: number, host: string, backlog: number): Promise<unknown> };

/** Resolves when connections are taken; throws where the port is in use. */
export async function listen(app: INestApplication, port: number, host: string): Promise<void> {
  await (app as unknown as Listening).listen(port, host, BACKLOG);
}

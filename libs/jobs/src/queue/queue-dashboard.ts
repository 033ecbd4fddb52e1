import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import type { OperationsQueue } from './operations-queue';

/**
 * An Express router with Bull Board, read-only: operations are retried and cancelled by the API, which keeps the books.
 * The caller guards it: whoever reaches it sees all tenants' operations.
 */
export function queueDashboardRouter(
  queue: OperationsQueue,
  basePath: string,
): ReturnType<ExpressAdapter['getRouter']> {
  const server = new ExpressAdapter();
  server.setBasePath(basePath);
  createBullBoard({
    queues: [new BullMQAdapter(queue.queue, { readOnlyMode: true })],
    serverAdapter: server,
  });
  return server.getRouter();
}

import type { ExecResultView } from '@berth/contracts';
import {
  claimIdempotencyKey,
  forgetIdempotencyKey,
  holdIdempotencyKey,
  type IdempotentRequest,
  inTransaction,
  rememberAnswer,
  type ServerEntity,
} from '@berth/database';
import { BerthError } from '@berth/domain';
import { ExecClient } from '@berth/jobs';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { audit } from '../commands/commands.service';
import type { RequestContext } from '../http/request-context';
import { findServer } from './server-lookup';

/** Output may hold NUL, which jsonb can't: it is kept as base64. */
const pack = (result: ExecResultView) => ({ packed: Buffer.from(JSON.stringify(result)).toString('base64') });
const unpack = (body: Record<string, unknown>) =>
  JSON.parse(Buffer.from(String(body.packed), 'base64').toString()) as ExecResultView;

/**
 * Runs a command in a server, by a worker. It lasts longer than a transaction may: what is written before it runs (the
 * idempotency key, who did it) is committed first, and the answer afterwards.
 */
@Injectable()
export class ServerExecService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(ExecClient) private readonly client: ExecClient,
  ) {}

  async exec(
    context: RequestContext,
    reference: string,
    body: { command: string[]; timeout_s: number },
  ): Promise<ExecResultView> {
    const { idempotent } = context;
    const begun = await inTransaction(this.dataSource, (em) =>
      this.begin(em, context, reference, body.command),
    );
    if ('earlier' in begun) return begun.earlier;
    try {
      const answer = await this.client.exec(begun.server.id, body.command, Math.ceil(body.timeout_s * 1000));
      const result = {
        exit_code: answer.exitCode,
        stdout: answer.stdout,
        stderr: answer.stderr,
        truncated: answer.truncated,
      };
      if (idempotent) await this.remember(idempotent, result);
      return result;
    } catch (error) {
      if (idempotent) await forgetIdempotencyKey(this.dataSource.manager, idempotent);
      throw error;
    }
  }

  private async begin(
    em: EntityManager,
    context: RequestContext,
    reference: string,
    command: string[],
  ): Promise<{ server: ServerEntity } | { earlier: ExecResultView }> {
    const { caller, idempotent } = context;
    const earlier = idempotent && (await claimIdempotencyKey(em, idempotent));
    if (earlier) return { earlier: unpack(earlier.body) };
    const server = await findServer(em, caller, reference);
    if (server.status !== 'running') {
      throw new BerthError('conflict', `a server that is ${server.status} can't run commands`, {
        status: server.status,
      });
    }
    if (idempotent) await holdIdempotencyKey(em, idempotent);
    // The program only: arguments may hold secrets.
    await audit(em, context, {
      action: 'server.exec',
      target: { type: 'server', id: server.id },
      tenantId: server.tenantId,
      details: { program: command[0]?.slice(0, 200) },
    });
    return { server };
  }

  private async remember(request: IdempotentRequest, result: ExecResultView): Promise<void> {
    await rememberAnswer(this.dataSource.manager, request, { status: 200, body: pack(result) });
  }
}

import type { Role, Scope, TenantStatus } from '@berth/contracts';
import type { IdempotentRequest } from '@berth/database';
import { BerthError } from '@berth/domain';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { bodyDigest } from './body-digest';

/** Who sends a request, as its token says. */
export interface Caller {
  tokenId: string;
  role: Role;
  scopes: readonly Scope[];
  /** Only a customer's; null for billing and operators. */
  tenantId: string | null;
  tenantStatus: TenantStatus | null;
}

/** The session of a browser that is signed in. */
export interface CurrentSession {
  id: string;
  /** For people. */
  name: string;
  csrfToken: string;
  expiresAt: Date;
  tenantName: string | null;
}

/** What a handler has to know of its request beyond path, query and body. */
export interface RequestContext {
  caller: Caller;
  requestId: string;
  /** Of the session, where the caller has shown its cookie. */
  sessionId?: string;
  /** Null where the request has no Idempotency-Key. */
  idempotent: IdempotentRequest | null;
}

/** Express's request after the guards. */
export interface BerthRequest extends Request {
  caller?: Caller;
  /** Where the caller showed a cookie rather than a token. */
  session?: CurrentSession;
}

const KEY = /^[\x21-\x7e]{1,255}$/;

/** Keys of one tenant's tokens are shared, so that a retry with a renewed token is still the same request. */
function scopeOf(caller: Caller): string {
  return caller.tenantId ? `tenant:${caller.tenantId}` : `token:${caller.tokenId}`;
}

function idempotencyOf(request: BerthRequest, caller: Caller): IdempotentRequest | null {
  const key = request.headers['idempotency-key'];
  if (key === undefined || request.method !== 'POST') return null;
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw new BerthError(
      'invalid_input',
      'Idempotency-Key must be 1–255 printable ASCII characters without spaces',
      {
        fields: [
          { name: 'Idempotency-Key', messages: ['must be 1–255 printable ASCII characters without spaces'] },
        ],
      },
    );
  }
  const scope = scopeOf(caller);
  return {
    scope,
    key,
    digest: `${request.path} ${bodyDigest({ body: null, ...asObject(request.body) }, scope)}`,
  };
}

/** A body that is no object is refused by every schema; it only has to have some digest. */
const asObject = (body: unknown): object => (body !== null && typeof body === 'object' ? body : { body });

/** The context of a request that passed the guards. */
export function contextOf(request: BerthRequest): RequestContext {
  if (!request.caller) throw new Error('a handler that needs a caller is reachable without one');
  return {
    caller: request.caller,
    requestId: String(request.id),
    ...(request.session && { sessionId: request.session.id }),
    idempotent: idempotencyOf(request, request.caller),
  };
}

/** Parameter decorator: the RequestContext. */
export const Context = createParamDecorator((_data: unknown, execution: ExecutionContext) =>
  contextOf(execution.switchToHttp().getRequest<BerthRequest>()),
);

import { BerthError } from '@berth/domain';
import { invalidField } from '../http/validation.pipe';
import type { Caller } from '../http/request-context';

/** A customer that names another tenant gets what it would get for one that doesn't exist. */
function refuseForeign(caller: Caller, tenantId: string): void {
  if (caller.tenantId !== null && caller.tenantId !== tenantId) {
    throw new BerthError('not_found', `there is no tenant ${tenantId}`);
  }
}

/** The tenant whose things a list may show; undefined: all of them. */
export function scopeOfList(caller: Caller, asked: string | undefined): string | undefined {
  if (asked !== undefined) refuseForeign(caller, asked);
  return caller.tenantId ?? asked;
}

/** Part of a where: nothing but the customer's own. */
export function ownOnly(caller: Caller): { tenantId?: string } {
  return caller.tenantId === null ? {} : { tenantId: caller.tenantId };
}

/** The one tenant that a request is about: a customer's own; billing and operators have to name it. */
export function tenantOf(caller: Caller, asked: string | undefined): string {
  if (asked !== undefined) refuseForeign(caller, asked);
  const tenantId = caller.tenantId ?? asked;
  if (tenantId === undefined) throw invalidField('tenant_id', `is needed with a ${caller.role} token`);
  return tenantId;
}

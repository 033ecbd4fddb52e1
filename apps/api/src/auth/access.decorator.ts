import type { Role } from '@berth/contracts';
import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';

export const ACCESS = 'berth:access';

/** Who may call a route. A route without one of these is closed to everybody: see AuthGuard. */
export type Access = 'public' | 'session' | readonly Role[];

/** Anybody, without a token. */
export const Public = () => SetMetadata(ACCESS, 'public' satisfies Access);

/** Every session, by its cookie alone and whatever its token may: to look at it, and to end it. */
export const AnySession = () => SetMetadata(ACCESS, 'session' satisfies Access);

const tokens = (...roles: Role[]) =>
  applyDecorators(SetMetadata(ACCESS, roles satisfies Access), ApiBearerAuth());

/** Every valid token; a customer's reaches only its tenant's own things. */
export const AnyToken = () => tokens('customer', 'billing', 'operator');
export const BillingOnly = () => tokens('billing', 'operator');
export const OperatorOnly = () => tokens('operator');

import { z } from 'zod';

export const serverStatusSchema = z.enum([
  'creating',
  'running',
  'stopped',
  'frozen',
  'suspended',
  'error',
  'deleted',
]);
export type ServerStatus = z.output<typeof serverStatusSchema>;

/** `creating` and `deleting` while an operation does it; `error`: one failed half-way, and it can only be deleted. */
export const snapshotStatusSchema = z.enum(['creating', 'available', 'deleting', 'error', 'deleted']);
export type SnapshotStatus = z.output<typeof snapshotStatusSchema>;

export const operationStatusSchema = z.enum(['pending', 'running', 'succeeded', 'failed', 'cancelled']);
export type OperationStatus = z.output<typeof operationStatusSchema>;

/** `undone`: it had succeeded (or was in doubt), and its effects were taken back. */
export const stepStatusSchema = z.enum(['pending', 'running', 'succeeded', 'failed', 'undone']);
export type StepStatus = z.output<typeof stepStatusSchema>;

export const hostStateSchema = z.enum(['enrolling', 'active', 'cordoned', 'error', 'removed']);
export type HostState = z.output<typeof hostStateSchema>;

export const tenantStatusSchema = z.enum(['active', 'suspended', 'terminated']);
export type TenantStatus = z.output<typeof tenantStatusSchema>;

export const roleSchema = z.enum(['customer', 'billing', 'operator']);
export type Role = z.output<typeof roleSchema>;

export const driverSchema = z.enum(['lxc', 'simulated']);
export type DriverName = z.output<typeof driverSchema>;

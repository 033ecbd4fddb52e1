import { GaveUp, waitUntil } from '../services/wait-until';
import type { ApiClient } from './api-client';

/** The part of the API's operation that the stack reads. */
export interface Operation {
  id: string;
  kind: string;
  status: 'pending' | 'running' | 'succeeded' | 'failed' | 'cancelled';
  progress: number;
  steps: { name: string; status: string; error: unknown }[];
  error: { code: string; message: string; step: string | null } | null;
}

/**
 * Waits until the operation has succeeded.
 * @throws when it failed, was cancelled, or took longer than `timeoutMs`.
 */
export function operationDone(api: ApiClient, id: string, timeoutMs: number): Promise<Operation> {
  return waitUntil(
    `operation ${id}`,
    async () => {
      const { operation } = await api.get<{ operation: Operation }>(`/v1/operations/${id}`);
      if (operation.status === 'succeeded') return operation;
      if (operation.status === 'pending' || operation.status === 'running') return null;
      const { code, message, step } = operation.error ?? { code: 'unknown', message: '', step: null };
      throw new GaveUp(
        `operation ${operation.kind} ${operation.status}${step ? ` at step ${step}` : ''}: ${code}: ${message}`,
      );
    },
    { timeoutMs, intervalMs: 100 },
  );
}

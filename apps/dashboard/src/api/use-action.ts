import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { explain } from './explain';
import type { Operation } from './types';

interface ActionOptions<V, R> {
  /** What has begun, in words: `web-1 restarts`. Nothing is said where not given. */
  said?: (answer: R, input: V) => string;
  /** Lists and sums that have changed: `['webhooks']`. Operations and servers are told of by the live stream. */
  changes?: string[];
  /** The caller shows the refusal itself, beside its form. */
  quiet?: boolean;
  onDone?: (answer: R, input: V) => void;
}

/**
 * Something that a user does. What the API answers of operations is put where the pages look, so that they show it at
 * once; a refusal is shown in the API's words.
 */
export function useAction<V, R>(run: (input: V) => Promise<R>, options: ActionOptions<V, R> = {}) {
  const client = useQueryClient();
  return useMutation<R, unknown, V>({
    mutationFn: run,
    onSuccess: (answer, input) => {
      const operation = operationIn(answer);
      if (operation) client.setQueryData(['operations', 'one', operation.id], operation);
      for (const resource of [...(options.changes ?? []), ...(operation ? ['operations', 'servers'] : [])]) {
        void client.invalidateQueries({ queryKey: [resource] });
      }
      if (options.said) notifications.show({ message: options.said(answer, input), color: 'berth' });
      options.onDone?.(answer, input);
    },
    onError: (error) => {
      if (options.quiet) return;
      notifications.show({ title: 'Refused', message: explain(error), color: 'red.8', autoClose: 12_000 });
    },
  });
}

function operationIn(answer: unknown): Operation | null {
  return (answer as { operation?: Operation | null } | null | undefined)?.operation ?? null;
}

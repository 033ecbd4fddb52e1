import type { ReactNode } from 'react';
import { useAction } from '../api/use-action';
import { ConfirmByName } from './confirm-by-name';

interface DeleteDialogProps {
  /** What is to be deleted; nothing is shown where there is none. */
  thing: { id: string; name: string } | null;
  /** The API's plural: its lists are asked for again. */
  resource: string;
  remove: (id: string) => Promise<unknown>;
  onClose: () => void;
  /** What it means. */
  children: ReactNode;
}

/** Deletes one thing of a list, once its name is typed. */
export function DeleteDialog({ thing, resource, remove, onClose, children }: DeleteDialogProps) {
  const deletion = useAction(({ id }: { id: string; name: string }) => remove(id), {
    changes: [resource],
    quiet: true,
    said: (_, { name }) => `${name} is deleted`,
  });
  if (!thing) return null;
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={`Delete ${thing.name}`}
      name={thing.name}
      action="Delete"
      onConfirm={() => deletion.mutateAsync(thing)}
    >
      {children}
    </ConfirmByName>
  );
}

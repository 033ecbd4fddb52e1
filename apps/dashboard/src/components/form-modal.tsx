import { Button, Group, Modal, Stack } from '@mantine/core';
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import { ApiError } from '../api/errors';
import { ErrorAlert } from './states';

/** The message of a field that was refused; of `labels.env` and `ssh_keys.1` under `labels` and `ssh_keys`. */
export type FieldErrors = (name: string) => string | undefined;

interface FormModalProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** What the button says: the verb. */
  action: string;
  danger?: boolean;
  size?: string;
  /** False: what is filled in can't be sent yet. */
  ready?: boolean;
  onSubmit: () => Promise<unknown>;
  children: (errorOf: FieldErrors) => ReactNode;
}

/** A small form over the page. It closes when the API has taken it; a refusal stays beside its field. */
export function FormModal({ opened, onClose, title, size, ...rest }: FormModalProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={title} size={size}>
      <Form onClose={onClose} {...rest} />
    </Modal>
  );
}

type FormProps = Omit<FormModalProps, 'opened' | 'title' | 'size'>;

function Form({ onClose, action, danger, ready = true, onSubmit, children }: FormProps) {
  useFocusBack();
  const { submit, busy, error, errorOf } = useSubmit(async () => {
    await onSubmit();
    onClose();
  });
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {children(errorOf)}
        <ErrorAlert error={error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={!ready} color={danger ? 'red.8' : undefined}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Where the keyboard was before, it is again afterwards: also where the page takes the whole form away. */
function useFocusBack(): void {
  const [before] = useState(() => document.activeElement as HTMLElement | null);
  useEffect(() => () => before?.focus(), [before]);
}

/** Sends a form, and keeps what the API refused of it: by field, and the sentence where it is of none. */
export function useSubmit(send: () => Promise<unknown>) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    setBusy(true);
    setError(null);
    send()
      .catch(setError)
      .finally(() => setBusy(false));
  };
  const fields = error instanceof ApiError ? error.fields : {};
  const errorOf: FieldErrors = (name) =>
    fields[name] ??
    Object.entries(fields).find(
      ([field]) => field.startsWith(`${name}.`) || field.startsWith(`${name}[`),
    )?.[1];
  return { submit, busy, error, errorOf };
}

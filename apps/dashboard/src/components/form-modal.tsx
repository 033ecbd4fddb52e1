import { Button, Group, Modal, Stack } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import { ApiError } from '../api/errors';
import { ErrorAlert } from './states';

interface FormModalProps {
  title: string;
  /** What the button says: the verb. */
  action: string;
  onClose: () => void;
  /** What is entered can't be sent yet: a field says why. */
  invalid?: boolean;
  submit: () => Promise<unknown>;
  /** Lists and sums that are other than before: `['plans']`. */
  changes: string[];
  /** It takes away what is not easily given back. */
  dangerous?: boolean;
  size?: string;
  /** Given a message a field, of what the API refused: `fields.name`. */
  children: (fields: Record<string, string>) => ReactNode;
}

/** A form in a window of its own: shown while it is on the page, and gone when the API has taken it. */
export function FormModal(props: FormModalProps) {
  const { title, action, onClose, invalid, submit, changes, dangerous, size, children } = props;
  const client = useQueryClient();
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  useFocusBack();
  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (invalid) return;
    setBusy(true);
    setError(null);
    try {
      await submit();
      for (const resource of changes) void client.invalidateQueries({ queryKey: [resource] });
      onClose();
    } catch (refusal) {
      setError(refusal);
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={title} size={size ?? 'md'} returnFocus={false}>
      <form onSubmit={(event) => void send(event)} noValidate>
        <Stack gap="sm">
          {children(error instanceof ApiError ? error.fields : {})}
          <ErrorAlert error={error} />
          <Group justify="flex-end" mt="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={busy} disabled={invalid} color={dangerous ? 'red.8' : undefined}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** Where the keyboard was before, it is again afterwards. */
function useFocusBack(): void {
  const [before] = useState(() => document.activeElement as HTMLElement | null);
  useEffect(() => () => before?.focus(), [before]);
}

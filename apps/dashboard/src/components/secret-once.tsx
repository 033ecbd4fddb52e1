import { Alert, Button, Code, CopyButton, Group, Modal, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconCopy } from '@tabler/icons-react';
import type { ReactNode } from 'react';

interface SecretOnceProps {
  /** What it is: `Root password of web-1`. */
  title: string;
  /** Nothing is shown where there is none. */
  secret: string | null | undefined;
  /** What it is for, and how another one is got. */
  children?: ReactNode;
  onClose: () => void;
}

/** A secret that the API tells once and never again: it goes away only when somebody says that it is kept. */
export function SecretOnce({ title, secret, children, onClose }: SecretOnceProps) {
  return (
    <Modal
      opened={Boolean(secret)}
      onClose={onClose}
      title={title}
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      {secret && <Secret secret={secret} note={children} onClose={onClose} />}
    </Modal>
  );
}

function Secret({ secret, note, onClose }: { secret: string; note: ReactNode; onClose: () => void }) {
  return (
    <Stack>
      <Alert color="orange.9" variant="outline" icon={<IconAlertTriangle aria-hidden />}>
        This is shown once. Keep it now: nobody can look it up later, not even your provider.
      </Alert>
      <Code block fz="sm" style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }} data-secret>
        {secret}
      </Code>
      {note && (
        <Text size="sm" c="dimmed" component="div">
          {note}
        </Text>
      )}
      <Group justify="flex-end">
        <CopyButton value={secret}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              onClick={copy}
              leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
              data-autofocus
            >
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
        <Button onClick={onClose}>I have kept it</Button>
      </Group>
    </Stack>
  );
}

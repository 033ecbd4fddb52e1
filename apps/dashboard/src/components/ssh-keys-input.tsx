import { List, Stack, Text, Textarea } from '@mantine/core';
import { sshKeyLines } from '../format/ssh-keys';

interface SshKeysInputProps {
  value: string;
  onChange: (value: string) => void;
  description?: string;
  error?: string;
}

/** Any number of public keys, pasted: says at once which it has understood. */
export function SshKeysInput({ value, onChange, description, error }: SshKeysInputProps) {
  const keys = sshKeyLines(value);
  return (
    <Stack gap={6}>
      <Textarea
        label="SSH keys"
        description={
          description ?? 'Public keys that may sign in as root, one a line: ssh-ed25519 AAAA… you@laptop'
        }
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        autosize
        minRows={2}
        maxRows={6}
        spellCheck={false}
        error={error}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', overflowWrap: 'anywhere' } }}
      />
      {keys.length > 0 && (
        <List size="sm" listStyleType="none" aria-label="Keys that were pasted">
          {keys.map(({ line, label, problem }, index) => (
            <List.Item key={`${index} ${line}`}>
              {problem ? (
                <Text size="sm" c="var(--mantine-color-error)" component="span">
                  Line {index + 1}: {problem}
                </Text>
              ) : (
                <Text size="sm" component="span" style={{ overflowWrap: 'anywhere' }}>
                  ✓ {label}
                </Text>
              )}
            </List.Item>
          ))}
        </List>
      )}
    </Stack>
  );
}

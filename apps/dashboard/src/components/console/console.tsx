import { ActionIcon, Button, Group, Kbd, Text, Tooltip } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import {
  IconClipboard,
  IconCopy,
  IconExternalLink,
  IconMinus,
  IconPlus,
  IconRefresh,
} from '@tabler/icons-react';
import { type ReactNode, useRef, useState } from 'react';
import type { Server } from '../../api/types';
import { StatusBadge } from '../status-badge';
import type { ConsoleState } from './console-connection';
import classes from './console.module.css';
import { useTerminal } from './use-terminal';

interface ConsoleProps {
  server: Server;
  /** A page of its own: as high as the window. */
  whole?: boolean;
}

const SMALLEST = 10;
const LARGEST = 24;

/** A terminal in the server, with what one needs around it. */
export function Console({ server, whole }: ConsoleProps) {
  const box = useRef<HTMLDivElement>(null);
  const bar = useRef<HTMLDivElement>(null);
  const [attempt, setAttempt] = useState(0);
  const [fontSize, setFontSize] = useLocalStorage({ key: 'berth-console-font', defaultValue: 14 });
  const { state, terminal } = useTerminal(box, {
    serverId: server.id,
    label: `Terminal of ${server.name}. Ctrl, Shift and arrow up leave it.`,
    fontSize,
    attempt,
    onLeave: () => bar.current?.querySelector('button')?.focus(),
  });
  const copy = () => void navigator.clipboard.writeText(terminal.current?.getSelection() ?? '');
  const paste = async () => {
    terminal.current?.paste(await navigator.clipboard.readText());
    terminal.current?.focus();
  };
  return (
    <section className={classes.console} data-whole={whole} aria-label={`Console of ${server.name}`}>
      <Group ref={bar} className={classes.bar} gap="xs" justify="space-between">
        <Group gap="xs" role="status">
          <Said state={state} />
          {state.name === 'closed' && (
            <Button
              size="compact-sm"
              leftSection={<IconRefresh size={14} aria-hidden />}
              onClick={() => setAttempt(attempt + 1)}
            >
              Connect again
            </Button>
          )}
        </Group>
        <Group gap={4}>
          {navigator.clipboard && (
            <>
              <BarButton label="Copy what is marked (Ctrl+Shift+C)" onClick={copy}>
                <IconCopy size={16} aria-hidden />
              </BarButton>
              <BarButton label="Paste (Ctrl+Shift+V)" onClick={() => void paste()}>
                <IconClipboard size={16} aria-hidden />
              </BarButton>
            </>
          )}
          <BarButton
            label="Smaller letters"
            disabled={fontSize <= SMALLEST}
            onClick={() => setFontSize(fontSize - 1)}
          >
            <IconMinus size={16} aria-hidden />
          </BarButton>
          <BarButton
            label="Larger letters"
            disabled={fontSize >= LARGEST}
            onClick={() => setFontSize(fontSize + 1)}
          >
            <IconPlus size={16} aria-hidden />
          </BarButton>
          {!whole && (
            <Tooltip label="In a window of its own">
              <ActionIcon
                component="a"
                href={`/servers/${server.id}/console`}
                target="_blank"
                variant="subtle"
                color="gray"
                aria-label="In a window of its own"
              >
                <IconExternalLink size={16} aria-hidden />
              </ActionIcon>
            </Tooltip>
          )}
        </Group>
      </Group>
      <div ref={box} className={classes.box} data-console={state.name} />
      <Text size="xs" c="dimmed" className={classes.foot}>
        <Kbd size="xs">Ctrl</Kbd> <Kbd size="xs">Shift</Kbd> <Kbd size="xs">↑</Kbd> leaves the terminal by
        keyboard. It is closed after a while without typing.
      </Text>
    </section>
  );
}

function Said({ state }: { state: ConsoleState }) {
  if (state.name === 'open') return <StatusBadge status="running" label="Connected" />;
  if (state.name === 'connecting') return <StatusBadge status="creating" label="Connecting" />;
  return (
    <>
      <StatusBadge
        status={state.name === 'waiting' ? 'pending' : 'stopped'}
        label={state.name === 'waiting' ? 'Waits' : 'Closed'}
      />
      <Text size="sm" c="dimmed">
        {sentence(state.reason)}
      </Text>
    </>
  );
}

/** The API's reasons begin in lower case, as they stand in a line of the terminal. */
const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

interface BarButtonProps {
  label: string;
  disabled?: boolean;
  onClick: () => void;
  children: ReactNode;
}

function BarButton({ label, disabled, onClick, children }: BarButtonProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} disabled={disabled} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

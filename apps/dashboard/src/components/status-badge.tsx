import {
  IconAlertTriangle,
  IconCheck,
  IconClock,
  IconLoader2,
  IconMinus,
  IconPlayerPause,
  IconSnowflake,
  IconX,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';
import { words } from '../format/words';
import classes from './status-badge.module.css';

type Tone = 'good' | 'busy' | 'idle' | 'warn' | 'bad';

const look: Record<string, [Tone, ComponentType<{ size: number; 'aria-hidden': boolean }>]> = {
  running: ['good', IconCheck],
  active: ['good', IconCheck],
  succeeded: ['good', IconCheck],
  available: ['good', IconCheck],
  delivered: ['good', IconCheck],
  enabled: ['good', IconCheck],
  creating: ['busy', IconLoader2],
  deleting: ['busy', IconLoader2],
  enrolling: ['busy', IconLoader2],
  pending: ['idle', IconClock],
  waiting: ['idle', IconClock],
  stopped: ['idle', IconMinus],
  disabled: ['idle', IconMinus],
  cancelled: ['idle', IconMinus],
  undone: ['idle', IconMinus],
  deleted: ['idle', IconMinus],
  terminated: ['idle', IconMinus],
  removed: ['idle', IconMinus],
  frozen: ['idle', IconSnowflake],
  cordoned: ['warn', IconPlayerPause],
  suspended: ['warn', IconPlayerPause],
  unreachable: ['bad', IconAlertTriangle],
  warning: ['warn', IconAlertTriangle],
  error: ['bad', IconX],
  failed: ['bad', IconX],
  critical: ['bad', IconX],
};

/** A state by colour, sign and word: none of them alone, since not everybody sees every one. */
export function StatusBadge({
  status,
  running,
  label,
}: {
  status: string;
  running?: boolean;
  label?: string;
}) {
  // `running` of an operation is work under way, of a server it is what is wanted.
  const [tone, Icon] = running ? (['busy', IconLoader2] as const) : (look[status] ?? ['idle', IconMinus]);
  return (
    <span className={classes.badge} data-tone={tone} data-status={status}>
      <Icon size={14} aria-hidden />
      {label ?? words(status)}
    </span>
  );
}

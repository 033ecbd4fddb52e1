import { Button, Menu } from '@mantine/core';
import {
  IconBan,
  IconBolt,
  IconChevronDown,
  IconDisc,
  IconKey,
  IconPlayerPlay,
  IconPlayerStop,
  IconRefresh,
  IconRestore,
  IconSnowflake,
  IconSnowflakeOff,
  IconSunHigh,
  IconTrash,
  IconTrashX,
} from '@tabler/icons-react';
import { type ComponentType, Fragment, useState } from 'react';
import { serverAction } from '../../../api/server-actions';
import type { Server } from '../../../api/types';
import { useAction } from '../../../api/use-action';
import { isStaff, mayWrite } from '../../../session/session';
import { useSession } from '../../../session/session-context';
import { applies, type Doing, isHeldUp } from './abilities';
import { dialogs, type DialogName } from './dialogs/dialogs';

/** Begun with a click: nothing is lost by any of them. */
type Direct = 'start' | 'freeze' | 'unfreeze' | 'checkpoint' | 'restore';

interface Entry {
  doing: Doing;
  label: string;
  icon: ComponentType<{ size: number; 'aria-hidden': boolean }>;
  dialog?: DialogName;
  staff?: true;
  danger?: true;
}

const groups: Entry[][] = [
  [
    { doing: 'start', label: 'Start', icon: IconPlayerPlay },
    { doing: 'restart', label: 'Restart…', icon: IconRefresh, dialog: 'restart' },
    { doing: 'stop', label: 'Stop…', icon: IconPlayerStop, dialog: 'stop' },
    { doing: 'kill', label: 'Stop at once…', icon: IconBolt, dialog: 'kill' },
  ],
  [
    { doing: 'freeze', label: 'Freeze', icon: IconSnowflake },
    { doing: 'unfreeze', label: 'Let it go on', icon: IconSnowflakeOff },
    { doing: 'checkpoint', label: 'Freeze to disk', icon: IconDisc },
    { doing: 'restore', label: 'Let it go on from disk', icon: IconSnowflakeOff },
  ],
  [{ doing: 'reset_password', label: 'Reset password…', icon: IconKey, dialog: 'password' }],
  [
    { doing: 'suspend', label: 'Suspend…', icon: IconBan, dialog: 'suspend', staff: true },
    {
      doing: 'unsuspend',
      label: 'Lift the suspension…',
      icon: IconSunHigh,
      dialog: 'unsuspend',
      staff: true,
    },
    {
      doing: 'terminate',
      label: 'Terminate…',
      icon: IconTrashX,
      dialog: 'terminate',
      staff: true,
      danger: true,
    },
  ],
  [
    { doing: 'reinstall', label: 'Reinstall…', icon: IconRestore, dialog: 'reinstall', danger: true },
    { doing: 'delete', label: 'Delete…', icon: IconTrash, dialog: 'delete', danger: true },
  ],
];

const said: Record<Direct, string> = {
  start: 'starts',
  freeze: 'is frozen',
  unfreeze: 'goes on',
  checkpoint: 'is frozen to disk',
  restore: 'goes on from disk',
};

/** What its state, and who is signed in, allow: the likeliest as a button, the others in a menu. */
export function ServerActions({ server }: { server: Server }) {
  const session = useSession();
  const [dialog, setDialog] = useState<DialogName | null>(null);
  const direct = useAction((doing: Direct) => serverAction(server.id, doing, {}), {
    said: (_answer, doing) => `${server.name} ${said[doing]}`,
  });
  if (!mayWrite(session)) return null;
  const offered = groups
    .map((group) =>
      group.filter(
        ({ doing, staff }) =>
          applies(server, doing) &&
          (!staff || isStaff(session)) &&
          (doing !== 'unsuspend' || server.suspension !== null),
      ),
    )
    .filter((group) => group.length > 0);
  const begin = ({ doing, dialog: name }: Entry) => (name ? setDialog(name) : direct.mutate(doing as Direct));
  const likeliest = offered[0]?.find(({ doing }) => doing === 'start' || doing === 'stop');
  const Dialog = dialog && dialogs[dialog];
  return (
    <>
      {likeliest && (
        <Button
          variant={likeliest.doing === 'start' ? 'filled' : 'default'}
          leftSection={<likeliest.icon size={16} aria-hidden />}
          loading={direct.isPending}
          disabled={isHeldUp(server, likeliest.doing)}
          onClick={() => begin(likeliest)}
        >
          {likeliest.label}
        </Button>
      )}
      {offered.length > 0 && (
        <Menu position="bottom-end" width={240}>
          <Menu.Target>
            <Button variant="default" rightSection={<IconChevronDown size={16} aria-hidden />}>
              Actions
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {offered.map((group, index) => (
              <Fragment key={group[0]!.doing}>
                {index > 0 && <Menu.Divider />}
                {group.map((entry) => (
                  <Menu.Item
                    key={entry.doing}
                    leftSection={<entry.icon size={16} aria-hidden />}
                    c={entry.danger ? 'var(--mantine-color-error)' : undefined}
                    disabled={isHeldUp(server, entry.doing)}
                    onClick={() => begin(entry)}
                  >
                    {entry.label}
                  </Menu.Item>
                ))}
              </Fragment>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      {Dialog && <Dialog server={server} onClose={() => setDialog(null)} />}
    </>
  );
}

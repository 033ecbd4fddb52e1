import { IconTerminal2 } from '@tabler/icons-react';
import { useState } from 'react';
import type { Server } from '../../../api/types';
import { Console } from '../../../components/console/console';
import { EmptyState } from '../../../components/states';

/** A terminal in it. Once opened it stays, whatever becomes of the server: it says itself what it waits for. */
export function ConsoleTab({ server }: { server: Server }) {
  const running = server.status === 'running';
  const [opened, setOpened] = useState(running);
  if (running && !opened) setOpened(true);
  if (!opened) {
    return (
      <EmptyState icon={IconTerminal2} title="It doesn’t run">
        A console can be opened as soon as it does: this page opens it by itself then.
      </EmptyState>
    );
  }
  return <Console server={server} />;
}

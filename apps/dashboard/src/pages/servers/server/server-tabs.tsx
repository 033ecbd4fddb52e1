import { Box, Tabs } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type ComponentType, useState } from 'react';
import type { Server } from '../../../api/types';
import { useFilters } from '../../../components/use-filters';
import { isOperator, mayWrite } from '../../../session/session';
import { useSession } from '../../../session/session-context';
import { ChartsTab } from './charts-tab';
import { ConsoleTab } from './console-tab';
import { JobsTab } from './jobs-tab';
import { MigrateTab } from './migrate-tab';
import { NetworkTab } from './network-tab';
import { OverviewTab } from './overview-tab';
import { ResizeTab } from './resize-tab';
import classes from './server-tabs.module.css';
import { SettingsTab } from './settings-tab';
import { SnapshotsTab } from './snapshots-tab';

interface Tab {
  label: string;
  content: ComponentType<{ server: Server }>;
  /** Only for those who may change something, or for operators. */
  for?: 'write' | 'operator';
}

const tabs: Record<string, Tab> = {
  overview: { label: 'Overview', content: OverviewTab },
  charts: { label: 'Charts', content: ChartsTab },
  console: { label: 'Console', content: ConsoleTab, for: 'write' },
  snapshots: { label: 'Snapshots', content: SnapshotsTab },
  network: { label: 'Network', content: NetworkTab },
  resize: { label: 'Resize', content: ResizeTab, for: 'write' },
  migrate: { label: 'Migrate', content: MigrateTab, for: 'operator' },
  jobs: { label: 'Jobs', content: JobsTab },
  settings: { label: 'Settings', content: SettingsTab, for: 'write' },
};

/** The parts of a server's page, each with an address of its own: `?tab=network`. */
export function ServerTabs({ server }: { server: Server }) {
  const session = useSession();
  const [{ tab: asked }] = useFilters();
  const navigate = useNavigate();
  const shown = Object.entries(tabs).filter(
    ([, tab]) => !tab.for || (mayWrite(session) && (tab.for === 'write' || isOperator(session))),
  );
  const current = shown.some(([name]) => name === asked) ? asked! : 'overview';
  // A console that was opened stays so behind the other tabs, or looking something up would end what runs in it.
  const [consoleOpened, setConsoleOpened] = useState(false);
  if (current === 'console' && !consoleOpened) setConsoleOpened(true);
  return (
    <Tabs
      value={current}
      onChange={(name) => {
        const search = name === 'overview' ? {} : { tab: name };
        void navigate({ to: '.', search: search as never, resetScroll: false });
      }}
      keepMounted={false}
      // The other way would end its effects, and the connection with them.
      keepMountedMode="display-none"
    >
      <Tabs.List className={classes.list} aria-label="Parts of this server">
        {shown.map(([name, { label }]) => (
          <Tabs.Tab key={name} value={name}>
            {label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Box pt="md">
        {shown.map(([name, { content: Content }]) => (
          <Tabs.Panel key={name} value={name} keepMounted={name === 'console' && consoleOpened}>
            <Content server={server} />
          </Tabs.Panel>
        ))}
      </Box>
    </Tabs>
  );
}

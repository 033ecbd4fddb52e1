import { AppShell, Burger, Divider, Group, NavLink, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { LiveProvider } from '../../live/live-provider';
import { useSession } from '../../session/session-context';
import { AccountMenu } from './account-menu';
import { LiveStatus, OfflineBanner } from './live-status';
import { navigation } from './navigation';
import classes from './shell.module.css';

/** Pages that have the window for themselves. */
const BARE = /^\/servers\/[^/]+\/console$/;

/** Around every page of who is signed in: where one can go, and whether what is shown is true. */
export function Shell() {
  const [opened, { toggle, close }] = useDisclosure();
  const bare = useRouterState({ select: ({ location }) => BARE.test(location.pathname) });
  if (bare) {
    return (
      <LiveProvider>
        <main>
          <Outlet />
        </main>
      </LiveProvider>
    );
  }
  return (
    <LiveProvider>
      <a href="#content" className={classes.skip}>
        Skip to the content
      </a>
      <AppShell
        header={{ height: 52 }}
        navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !opened } }}
        padding="md"
      >
        <AppShell.Header className={classes.bar}>
          <Group h="100%" px="md" justify="space-between" wrap="nowrap">
            <Group gap="sm" wrap="nowrap">
              <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
              <Link to="/" className={classes.brand}>
                <img src="/favicon.svg" alt="" width={26} height={26} />
                <Text fw={700} component="span">
                  Berth
                </Text>
              </Link>
            </Group>
            <Group gap="md" wrap="nowrap">
              <LiveStatus />
              <AccountMenu />
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar p="xs" className={classes.bar} aria-label="Main">
          <Navigation onGo={close} />
        </AppShell.Navbar>
        <AppShell.Main id="content" tabIndex={-1} className={classes.main}>
          <OfflineBanner />
          <Outlet />
        </AppShell.Main>
      </AppShell>
    </LiveProvider>
  );
}

function Navigation({ onGo }: { onGo: () => void }) {
  const { role } = useSession();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const groups = navigation
    .map((group) => group.filter(({ roles }) => roles.includes(role)))
    .filter((group) => group.length > 0);
  return groups.map((group, index) => (
    <div key={group[0]!.to}>
      {index > 0 && <Divider my={6} />}
      {group.map(({ to, label, icon: Icon }) => {
        const active = path === to || path.startsWith(`${to}/`);
        return (
          <NavLink
            key={to}
            component={Link}
            to={to}
            label={label}
            leftSection={<Icon size={18} stroke={1.6} aria-hidden />}
            active={active}
            aria-current={active ? 'page' : undefined}
            onClick={onGo}
            className={classes.link}
          />
        );
      })}
    </div>
  ));
}

import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import type { QueryClient } from '@tanstack/react-query';
import { EmptyState, ErrorState, LoadingState } from '../components/states';
import { IconError404 } from '@tabler/icons-react';
import { sessionQuery } from '../session/session';
import { SignedIn } from '../session/signed-in';
import { SignInPage } from '../session/sign-in.page';
import { pages } from './pages';
import { queryClient } from './query-client';

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Outlet,
  notFoundComponent: () => (
    <EmptyState icon={IconError404} title="There is no such page">
      The address may have a typing error, or the page has moved.
    </EmptyState>
  ),
});

const signIn = createRoute({ getParentRoute: () => root, path: '/sign-in', component: SignInPage });

/** Whoever is not signed in is asked to, and comes back to where it was. */
const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  component: SignedIn,
  beforeLoad: async ({ location }) => {
    const session = await queryClient.ensureQueryData(sessionQuery);
    // The router takes a redirection that is thrown.
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    if (!session) throw redirect({ to: '/sign-in', search: { return_to: location.href } as never });
    if (location.pathname === '/') {
      // eslint-disable-next-line @typescript-eslint/only-throw-error
      throw redirect({ to: session.role === 'operator' ? '/overview' : '/servers', replace: true });
    }
  },
});

export const router = createRouter({
  routeTree: root.addChildren([signIn, signedIn.addChildren(pages(signedIn))]),
  context: { queryClient },
  defaultPreload: false,
  scrollRestoration: true,
  defaultPendingComponent: () => <LoadingState />,
  defaultErrorComponent: ({ error, reset }) => <ErrorState error={error} retry={reset} />,
});

import { type AnyRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router';

/** A page's code is fetched when it is gone to. */
const routes: Record<string, () => Promise<Record<string, React.ComponentType>>> = {
  '/': () => import('../pages/operations/operations.page').then(({ OperationsPage: Page }) => ({ Page })),
  '/operations': () =>
    import('../pages/operations/operations.page').then(({ OperationsPage: Page }) => ({ Page })),
  '/operations/$id': () =>
    import('../pages/operations/operation.page').then(({ OperationPage: Page }) => ({ Page })),
  '/overview': () => import('../pages/overview/overview.page').then(({ OverviewPage: Page }) => ({ Page })),
  '/tenants': () => import('../pages/tenants/tenants.page').then(({ TenantsPage: Page }) => ({ Page })),
  '/tenants/$id': () => import('../pages/tenants/tenant.page').then(({ TenantPage: Page }) => ({ Page })),
  '/locations': () =>
    import('../pages/locations/locations.page').then(({ LocationsPage: Page }) => ({ Page })),
  '/plans': () => import('../pages/plans/plans.page').then(({ PlansPage: Page }) => ({ Page })),
  '/templates': () =>
    import('../pages/templates/templates.page').then(({ TemplatesPage: Page }) => ({ Page })),
  '/hosts': () => import('../pages/hosts/hosts.page').then(({ HostsPage: Page }) => ({ Page })),
  '/hosts/enrol': () =>
    import('../pages/hosts/enrol-host.page').then(({ EnrolHostPage: Page }) => ({ Page })),
  '/hosts/$id': () => import('../pages/hosts/host.page').then(({ HostPage: Page }) => ({ Page })),
  '/ip-pools': () => import('../pages/ip-pools/ip-pools.page').then(({ IpPoolsPage: Page }) => ({ Page })),
  '/ip-pools/$id': () => import('../pages/ip-pools/ip-pool.page').then(({ IpPoolPage: Page }) => ({ Page })),
  '/drift': () => import('../pages/drift/drift.page').then(({ DriftPage: Page }) => ({ Page })),
  '/audit': () => import('../pages/audit/audit.page').then(({ AuditPage: Page }) => ({ Page })),
  '/servers': () => import('../pages/servers/servers.page').then(({ ServersPage: Page }) => ({ Page })),
  '/servers/order': () =>
    import('../pages/servers/order/order.page').then(({ OrderPage: Page }) => ({ Page })),
  '/servers/$id': () =>
    import('../pages/servers/server/server.page').then(({ ServerPage: Page }) => ({ Page })),
  '/servers/$id/console': () =>
    import('../pages/servers/console.page').then(({ ConsolePage: Page }) => ({ Page })),
  '/usage': () => import('../pages/usage/usage.page').then(({ UsagePage: Page }) => ({ Page })),
  '/webhooks': () => import('../pages/webhooks/webhooks.page').then(({ WebhooksPage: Page }) => ({ Page })),
  '/webhooks/$id': () => import('../pages/webhooks/webhook.page').then(({ WebhookPage: Page }) => ({ Page })),
  '/tokens': () => import('../pages/tokens/tokens.page').then(({ TokensPage: Page }) => ({ Page })),
  '/snapshots': () =>
    import('../pages/snapshots/snapshots.page').then(({ SnapshotsPage: Page }) => ({ Page })),
};

/** Search parameters are the pages' filters: plain texts, which the pages read themselves. */
export const pages = (parent: AnyRoute) =>
  Object.entries(routes).map(([path, load]) =>
    createRoute({
      getParentRoute: () => parent,
      path,
      component: lazyRouteComponent(load, 'Page'),
      validateSearch: (search: Record<string, unknown>) => search,
    }),
  );

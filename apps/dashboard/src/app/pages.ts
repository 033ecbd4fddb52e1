import { type AnyRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router';

/** A page's code is fetched when it is gone to. */
const routes: Record<string, () => Promise<Record<string, React.ComponentType>>> = {
  '/': () => import('../pages/operations/operations.page').then(({ OperationsPage: Page }) => ({ Page })),
  '/operations': () =>
    import('../pages/operations/operations.page').then(({ OperationsPage: Page }) => ({ Page })),
  '/operations/$id': () =>
    import('../pages/operations/operation.page').then(({ OperationPage: Page }) => ({ Page })),
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

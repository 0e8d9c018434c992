import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { Frame } from './frame';
import { Loading } from './parts/states';
import { NotFound } from './parts/not-found';
import { type Search, parseSearch, stringifySearch, textsOf } from './search';

const root = createRootRoute({ component: Frame, notFoundComponent: NotFound });

/** What can be in the URL of the list of licenses; each is a text, and optional. */
const LICENSE_SEARCH = [
  'q',
  'status',
  'license_type',
  'customer_id',
  'module_name',
  'expires_after',
  'expires_before',
  'sort',
  'cursor',
] as const;
const CUSTOMER_SEARCH = ['q', 'is_active', 'cursor'] as const;

const index = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/licenses', replace: true });
  },
});
const licenses = createRoute({
  getParentRoute: () => root,
  path: '/licenses',
  validateSearch: (search: Search) => textsOf(search, LICENSE_SEARCH),
  component: lazyRouteComponent(() => import('./licenses/list-page'), 'LicensesPage'),
});
const newLicense = createRoute({
  getParentRoute: () => root,
  path: '/licenses/new',
  validateSearch: (search: Search) => textsOf(search, ['customer_id']),
  component: lazyRouteComponent(() => import('./licenses/issue-page'), 'IssuePage'),
});
const license = createRoute({
  getParentRoute: () => root,
  path: '/licenses/$id',
  component: lazyRouteComponent(() => import('./licenses/license-page'), 'LicensePage'),
});
const customers = createRoute({
  getParentRoute: () => root,
  path: '/customers',
  validateSearch: (search: Search) => textsOf(search, CUSTOMER_SEARCH),
  component: lazyRouteComponent(() => import('./customers/list-page'), 'CustomersPage'),
});
const newCustomer = createRoute({
  getParentRoute: () => root,
  path: '/customers/new',
  component: lazyRouteComponent(() => import('./customers/create-page'), 'CreateCustomerPage'),
});
const customer = createRoute({
  getParentRoute: () => root,
  path: '/customers/$id',
  component: lazyRouteComponent(() => import('./customers/customer-page'), 'CustomerPage'),
});
const editCustomer = createRoute({
  getParentRoute: () => root,
  path: '/customers/$id/edit',
  component: lazyRouteComponent(() => import('./customers/edit-page'), 'EditCustomerPage'),
});
const support = createRoute({
  getParentRoute: () => root,
  path: '/support',
  component: lazyRouteComponent(() => import('./support/support-page'), 'SupportPage'),
});

/** The pages by their paths under /console. */
export const router = createRouter({
  routeTree: root.addChildren([
    index,
    licenses,
    newLicense,
    license,
    customers,
    newCustomer,
    customer,
    editCustomer,
    support,
  ]),
  basepath: '/console',
  parseSearch,
  stringifySearch,
  defaultPendingComponent: Loading,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

import { readContract, routesOf } from '../support/contract/contract';
import { ROUTE_ACCESS, scopesOf } from '../support/contract/route-access';

const contract = readContract();
const routes = new Map(routesOf(contract).map((route) => [`${route.method} ${route.path}`, route]));

it('has each route of the contract, and no other', () => {
  const listed = new Set(ROUTE_ACCESS.map(([name]) => name));
  const problems = [
    ...[...routes.keys()]
      .filter((name) => !listed.has(name))
      .map((name) => `${name} is served but not listed`),
    ...[...listed].filter((name) => !routes.has(name)).map((name) => `${name} is listed but not served`),
  ];
  if (problems.length > 0)
    throw new Error(
      `${problems.join('; ')}: test/support/contract/route-access.ts lists each route and who may call it`,
    );
});

describe.each(ROUTE_ACCESS)('%s (%s)', (name, access) => {
  it('is documented with who may call it', () => {
    const needed = scopesOf(access);
    const key = [{ api_key: needed }, { bearer: needed }];
    const caller = [...key, { session: needed, console: needed }];
    const expected: Record<string, unknown[]> = { public: [{}, ...caller], health: [] };
    // A session does not open another one.
    const security = name === 'POST /api/v1/sessions' ? key : (expected[access] ?? caller);
    const documented = routes.get(name)?.operation.security ?? [];
    expect(documented).toHaveLength(security.length);
    expect(documented).toEqual(expect.arrayContaining(security));
  });
});

import { type ContractApp } from './contract-app.js';

/** A route that the running program answers on, as its router knows it. */
export interface Route {
  /** In capitals. */
  readonly method: string;
  /** `/api/devices/:id` */
  readonly path: string;
}

interface RouterLayer {
  readonly route?: { readonly path: string | readonly string[]; readonly methods: Readonly<Record<string, boolean>> };
}

/** Every route of the running program, whether it is documented or not. */
export function routesOf({ app }: ContractApp): Route[] {
  const { stack } = (app.getHttpAdapter().getInstance() as { router: { stack: RouterLayer[] } }).router;
  const routes = stack.flatMap(({ route }) => {
    if (!route) return [];
    const methods = Object.keys(route.methods).filter((method) => route.methods[method] && method !== 'head');
    return [route.path].flat().flatMap((path) => methods.map((method) => ({ method: method.toUpperCase(), path })));
  });
  return [...new Map(routes.map((route) => [`${route.method} ${route.path}`, route])).values()];
}

/** The routes of the API and the health checks, without the pages that describe them. */
export function apiRoutesOf(contract: ContractApp): Route[] {
  return routesOf(contract).filter(({ path }) => !/^\/api\/(docs|openapi)/.test(path));
}

/** A path with values for its parameters, by default ones that are sound and belong to nothing. */
export function pathOf({ path }: Route, values: Readonly<Record<string, string>> = {}): string {
  return path.replace(
    /:(\w+)/g,
    (_, name: string) => values[name] ?? (/id$/i.test(name) ? '999999999' : 'NOTHING-HERE'),
  );
}

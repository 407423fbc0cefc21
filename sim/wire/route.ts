import { NotModelled } from '../service.ts';
import type { OperationSchema } from './schema.ts';
import type { WireRequest } from './wire.ts';

/** A REST operation by the requests that it is called with. */
export interface Route {
  readonly operation: OperationSchema;
  readonly method: string;
  readonly path: RegExp;
  /** Parameters that the pattern itself sets. */
  readonly query: readonly (readonly [name: string, value: string])[];
}

/** The routes of REST operations, those whose pattern sets parameters first: the others fit the same paths without them. */
export function routesOf(operations: Iterable<OperationSchema>): Route[] {
  const routes: Route[] = [];
  for (const operation of operations) {
    if (operation.http === undefined) continue;
    const [path = '', query = ''] = operation.http.pattern.split('?');
    routes.push({
      operation,
      method: operation.http.method,
      path: new RegExp(`^${path.replaceAll(/\{(\w+)(\+?)\}/g, labelExpression)}/?$`),
      query: [...new URLSearchParams(query)],
    });
  }
  return routes.toSorted((one, other) => other.query.length - one.query.length);
}

function labelExpression(_label: string, name: string, isGreedy: string): string {
  return `(?<${name}>${isGreedy === '' ? '[^/]+' : '.+'})`;
}

/** The operation that a request calls, with what stands in the path's labels, still encoded. @throws NotModelled */
export function matchRoute(
  routes: readonly Route[],
  { method, path }: Pick<WireRequest, 'method' | 'path'>,
): { operation: OperationSchema; labels: Record<string, string> } {
  const [bare = '', parameters = ''] = path.split('?');
  const asked = new URLSearchParams(parameters);
  for (const route of routes) {
    if (route.method !== method || !route.query.every(([name, value]) => asked.get(name) === value)) continue;
    const match = route.path.exec(bare);
    if (match !== null) return { operation: route.operation, labels: { ...match.groups } };
  }
  throw new NotModelled(`${method} ${path}`);
}

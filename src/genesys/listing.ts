import { RequestError } from './status.ts';

type Resource = Readonly<Record<string, unknown>>;

/** The query of a list: `fields=*` or `fields=a,b`, and filters that have the exact name of a field. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * A list as the API answers it: the URIs, or with `fields` the objects under the plural name. Throws `parameter-invalid`
 * for a field, or a filter, that the resources do not have.
 */
export function listing<R extends Resource>(
  plural: string,
  resources: readonly R[],
  uriOf: (resource: R) => string,
  query: Query,
) {
  const { fields, ...filters } = query;
  const [first] = resources;
  if (first === undefined) return fields === undefined ? { uris: [] } : { [plural]: [] };
  const matching = resources.filter((resource) => matches(resource, filters));
  if (fields === undefined) return { uris: matching.map(uriOf) };
  return { [plural]: matching.map((resource) => pick(resource, fields)) };
}

/** The wanted fields of a resource; without `fields`, all. Throws `parameter-invalid`. */
export function pick(resource: Resource, fields: Query[string]): Resource {
  const wanted = [fields ?? '*'].flat().flatMap((list) => list.split(',').map((field) => field.trim()));
  if (wanted.includes('*')) return resource;
  const picked = wanted.filter((field) => known(resource, field, 'fields').present);
  return Object.fromEntries(picked.map((field) => [field, resource[field]]));
}

function matches(resource: Resource, filters: Query): boolean {
  return Object.entries(filters).every(([field, wanted]) => {
    if (!known(resource, field, field).present) return false;
    return [wanted].flat().includes(String(resource[field]));
  });
}

/** Fields that a resource may have at other times. */
const OPTIONAL = new Set(['supervisorMonitoringState', 'forwardTo']);

function known(resource: Resource, field: string, parameter: string): { present: boolean } {
  if (Object.hasOwn(resource, field)) return { present: true };
  if (OPTIONAL.has(field)) return { present: false };
  const fields = Object.keys(resource).join(', ');
  const message =
    parameter === field
      ? `${field} is no field to filter by, expected one of ${fields}`
      : `${parameter} must be * or some of ${fields}`;
  throw new RequestError('parameter-invalid', message);
}

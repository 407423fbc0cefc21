import { NormalizedSchema } from '@smithy/core/schema';

/** An operation as the SDK describes it: `[9, namespace, name, traits, input, output]`. */
export interface OperationSchema {
  readonly name: string;
  readonly input: NormalizedSchema;
  readonly output: NormalizedSchema;
  /** Of a REST operation. */
  readonly http: { readonly method: string; readonly pattern: string; readonly status: number } | undefined;
}

/** A modelled error. */
export interface ErrorSchema {
  readonly shape: NormalizedSchema;
  /** The code it has in the query protocol where that is not its name: `NotFound` for `NotFoundException`. */
  readonly queryCode: string | undefined;
}

/** A member of a structure by its name in the SDK. */
export type Member = readonly [name: string, schema: NormalizedSchema];

type Exported = readonly [
  kind: number,
  namespace: string,
  name: string,
  traits: unknown,
  input: unknown,
  output: unknown,
];

interface Traits {
  readonly http?: readonly [method: string, pattern: string, status: number];
  readonly awsQueryError?: readonly [code: string, status: number];
}

const operationKind = 9;
const errorKind = -3;

/** The operations that an SDK client package exports schemas of, by API name. */
export function operationsOf(client: Readonly<Record<string, unknown>>): ReadonlyMap<string, OperationSchema> {
  return new Map(
    exportedOf(client, operationKind).map(([, , name, traits, input, output]) => {
      const [method, pattern, status] = traitsOf(traits).http ?? [];
      const http =
        method === undefined || pattern === undefined || status === undefined ? undefined : { method, pattern, status };
      return [name, { name, input: normalized(input), output: normalized(output), http }];
    }),
  );
}

/** The errors that an SDK client package exports schemas of, by name. */
export function errorsOf(client: Readonly<Record<string, unknown>>): ReadonlyMap<string, ErrorSchema> {
  return new Map(
    exportedOf(client, errorKind).map((exported) => {
      const [, , name, traits] = exported;
      return [name, { shape: normalized(exported), queryCode: traitsOf(traits).awsQueryError?.[0] }];
    }),
  );
}

function exportedOf(client: Readonly<Record<string, unknown>>, kind: number): Exported[] {
  return Object.values(client).filter(
    (exported): exported is Exported => Array.isArray(exported) && exported[0] === kind,
  );
}

function traitsOf(traits: unknown): Traits {
  return typeof traits === 'object' && traits !== null ? traits : {};
}

function normalized(schema: unknown): NormalizedSchema {
  return NormalizedSchema.of((typeof schema === 'function' ? (schema as () => never)() : schema) as never);
}

/** The members of a structure; an operation without input or output has none. */
export function membersOf(schema: NormalizedSchema): Member[] {
  return schema.isStructSchema() ? [...schema.structIterator()] : [];
}

/** A trait of a member that is a text, such as `xmlName`. */
export function traitOf(schema: NormalizedSchema, trait: string): string | undefined {
  const value = (schema.getMergedTraits() as Record<string, unknown>)[trait];
  return typeof value === 'string' ? value : undefined;
}

/** The trait of a member that is a mark, such as `httpPayload`. */
export function hasTrait(schema: NormalizedSchema, trait: string): boolean {
  return trait in (schema.getMergedTraits() as Record<string, unknown>);
}

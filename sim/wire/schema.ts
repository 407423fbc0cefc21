import { NormalizedSchema } from '@smithy/core/schema';

/** An operation as the SDK describes it: `[9, namespace, name, traits, input, output]`. */
export interface OperationSchema {
  readonly name: string;
  readonly input: NormalizedSchema;
  readonly output: NormalizedSchema;
  /** Method, path pattern and success status of a REST operation. */
  readonly http: readonly [method: string, pattern: string, status: number] | undefined;
}

type Exported = readonly [
  kind: number,
  namespace: string,
  name: string,
  traits: unknown,
  input: unknown,
  output: unknown,
];

const operationKind = 9;

/** The operations that an SDK client package exports schemas of, by API name. */
export function operationsOf(client: Readonly<Record<string, unknown>>): ReadonlyMap<string, OperationSchema> {
  const found = new Map<string, OperationSchema>();
  for (const exported of Object.values(client)) {
    if (!Array.isArray(exported) || exported[0] !== operationKind) continue;
    const [, , name, traits, input, output] = exported as unknown as Exported;
    const { http } = (typeof traits === 'object' && traits !== null ? traits : {}) as {
      http?: OperationSchema['http'];
    };
    found.set(name, { name, input: normalized(input), output: normalized(output), http });
  }
  return found;
}

function normalized(schema: unknown): NormalizedSchema {
  return NormalizedSchema.of((typeof schema === 'function' ? (schema as () => never)() : schema) as never);
}

/** The members of a structure, by their names in the SDK. */
export function membersOf(schema: NormalizedSchema): [name: string, member: NormalizedSchema][] {
  return [...schema.structIterator()];
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

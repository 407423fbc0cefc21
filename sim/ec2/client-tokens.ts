import { AwsError } from '../service.ts';

/** Remembers what was made under a ClientToken. @source aws-facts [1.10], [3.3] */
export class ClientTokens {
  readonly #made = new Map<string, { request: string; outcome: unknown }>();

  /**
   * Makes something once per token and scope.
   * @param scope operation and, for a zonal request, its zone: the same token in another zone makes a second one
   * @throws AwsError IdempotentParameterMismatch when the request differs from the first under the token
   */
  once<Outcome>(
    scope: string,
    token: string | undefined,
    request: Readonly<Record<string, unknown>>,
    make: () => Outcome,
  ): Outcome {
    if (token === undefined || token === '') return make();
    if (token.length > 64) throw new AwsError('InvalidParameterValue', 'ClientToken is longer than 64 characters.');
    const key = `${scope}\n${token}`;
    const print = fingerprint(request);
    const before = this.#made.get(key);
    if (before === undefined) {
      const outcome = make();
      this.#made.set(key, { request: print, outcome });
      return outcome;
    }
    if (before.request === print) return before.outcome as Outcome;
    throw new AwsError(
      'IdempotentParameterMismatch',
      'The client token you have provided is associated with a resource that has different parameters.',
    );
  }
}

function fingerprint({ ClientToken: _, DryRun: __, ...rest }: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(rest, (_key, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** A KMS key as KMS tells of it, in its own words. */
export interface KeyFacts {
  readonly arn: string;
  readonly state: string;
  readonly spec: string;
  readonly usage: string;
}

/** Keys that were looked at, by what they were asked for with: an ARN of a key or an alias; `undefined` where there is none. */
export type Keys = ReadonlyMap<string, KeyFacts | undefined>;

/** In which KMS uses a key. @source KMS guide, key states */
const usable = new Set(['Enabled', 'Updating']);

const advice: Readonly<Record<string, string>> = {
  Disabled: 'is disabled: enable it',
  PendingDeletion: 'is going to be deleted: cancel that, and enable it',
  PendingReplicaDeletion: 'is going to be deleted with its replicas: cancel that, and enable it',
  PendingImport: 'has no key material: import it again',
};

/** Why EBS cannot use a key, with what to do about it; `undefined` where it can, as far as the key itself says. @source EBS guide, encryption requirements */
export function keyFault(key: KeyFacts | undefined): string | undefined {
  if (key === undefined) return 'does not exist';
  const { state, spec, usage } = key;
  if (spec !== 'SYMMETRIC_DEFAULT' || usage !== 'ENCRYPT_DECRYPT')
    return `is of spec ${spec} for ${usage}, and volumes need a symmetric key that encrypts: name such a one`;
  return usable.has(state) ? undefined : (advice[state] ?? `is ${state}: make it usable again`);
}

/** Copies that cannot be read block a launch; a plan's own key that cannot be used only the copies to come, where those that are there are under another. */
export interface KeyFindings {
  readonly ofCopies: readonly string[];
  readonly ofPlan: readonly string[];
}

/**
 * What keys stand in the way of, in words for people. One that could not be looked at does not.
 * @param copies by server the keys of its copies
 * @param own the plan's key for new copies, where it names one
 */
export function keyFindings(
  copies: ReadonlyMap<string, ReadonlySet<string>>,
  own: string | undefined,
  keys: Keys,
): KeyFindings {
  const told = (key: string, whose: string) => {
    const fault = keys.has(key) ? keyFault(keys.get(key)) : undefined;
    return fault === undefined ? [] : [`key ${key} ${whose} ${fault}`];
  };
  const pairs = [...copies].flatMap(([server, ofServer]) => [...ofServer].map((key) => ({ server, key })));
  const byKey = Map.groupBy(pairs, ({ key }) => key);
  const isOfCopies = own === undefined || byKey.has(keys.get(own)?.arn ?? own);
  return {
    ofCopies: [...byKey].flatMap(([key, of]) =>
      told(key, `of the copies of server ${of.map(({ server }) => server).join(', ')}`),
    ),
    ofPlan: isOfCopies ? [] : told(own, 'of the plan, for copies to come,'),
  };
}

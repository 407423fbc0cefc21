/** A KMS key as KMS tells of it, in its own words. */
export interface KeyFacts {
  readonly arn: string;
  readonly state: string;
  readonly spec: string;
  readonly usage: string;
}

/** Keys that were looked at, by what they were asked for with: an ARN of a key or an alias; `undefined` where there is none. */
export type Keys = ReadonlyMap<string, KeyFacts | undefined>;

/** Of two names of a key, the one that can be led to another. */
export function isAlias(key: string): boolean {
  return key.includes(':alias/');
}

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

/**
 * Copies that cannot be read block a launch; a plan's own key that cannot be used only the copies to come, where those that are there are under another.
 * `unnamed`: keys of copies that the plan does not name, and so its roles may not use, as far as anybody can tell that did not see them.
 */
export interface KeyFindings {
  readonly ofCopies: readonly string[];
  readonly ofPlan: readonly string[];
  readonly unnamed: readonly string[];
}

/** Keys that a plan names in its recovery Region, by ARN of a key or an alias. */
export interface NamedKeys {
  readonly key?: string;
  readonly formerKeys?: readonly string[];
}

/** All of them, the one for new copies first. */
export function namedKeys({ key, formerKeys = [] }: NamedKeys): readonly string[] {
  return key === undefined ? formerKeys : [key, ...formerKeys];
}

/**
 * What keys stand in the way of, in words for people. One that could not be looked at does not.
 * @param copies by server the keys of its copies
 */
export function keyFindings(
  copies: ReadonlyMap<string, ReadonlySet<string>>,
  recovery: NamedKeys,
  keys: Keys,
): KeyFindings {
  const { key: own } = recovery;
  const told = (key: string, whose: string) => {
    const fault = keys.has(key) ? keyFault(keys.get(key)) : undefined;
    return fault === undefined ? [] : [`key ${key} ${whose} ${fault}`];
  };
  const pairs = [...copies].flatMap(([server, ofServer]) => [...ofServer].map((key) => ({ server, key })));
  const byKey = Map.groupBy(pairs, ({ key }) => key);
  const ofServers = [...byKey].map(([key, of]) => ({
    key,
    whose: `of the copies of server ${of.map(({ server }) => server).join(', ')}`,
  }));
  const isOfCopies = own === undefined || byKey.has(keys.get(own)?.arn ?? own);
  return {
    ofCopies: ofServers.flatMap(({ key, whose }) => told(key, whose)),
    ofPlan: isOfCopies ? [] : told(own, 'of the plan, for copies to come,'),
    unnamed: ofServers
      .filter(({ key }) => !keys.has(key) && isForeign(key, recovery, keys))
      .map(
        ({ key, whose }) =>
          `key ${key} ${whose} is none of the plan's, so nothing may be launched from them: put it under recovery.formerKeys, and deploy`,
      ),
  };
}

/** Without a key of its own a plan may use all of the Region; behind an alias that could not be looked at there may be any. */
function isForeign(key: string, recovery: NamedKeys, keys: Keys): boolean {
  if (recovery.key === undefined) return false;
  return namedKeys(recovery).every((named) => {
    const arn = isAlias(named) ? keys.get(named)?.arn : named;
    return arn !== undefined && arn !== key;
  });
}

import type { Twin } from './catalogue.ts';
import { comparisonOf, comparisonText, type DeltaHistory, paybackOf, paybackText } from './payback.ts';
import type { ReplicationEstimate, ReplicationMethod } from './replication-record.ts';
import { isNativeCopy } from './twins.ts';

/** How the next snapshot of a volume gets to the recovery Region, and why, in words for the operation's record. */
export interface MethodChoice {
  readonly method: ReplicationMethod;
  readonly reason: string;
  /** `unexpected`: it moves everything although there is an earlier image. `announced`: so it was decided. */
  readonly full?: 'unexpected' | 'announced';
  /** Of a comparison. */
  readonly estimated?: ReplicationEstimate;
}

/** Under which key something is, as far as it is known. */
export interface Protection {
  readonly isEncrypted: boolean;
  /** ARN of a key; `undefined` where only AWS knows it, or nothing is encrypted. */
  readonly key: string | undefined;
}

/** What decides how a volume's next snapshot is replicated. */
export interface ReplicationFacts {
  readonly primaryVolume: string;
  readonly lastTwin: Twin | undefined;
  /** The recovery side of the last twin; `undefined` where AWS does not describe it. */
  readonly far: Protection | undefined;
  /** A side of the last twin that AWS does not describe. */
  readonly lost: string | undefined;
  /** What a copy begun now is under. */
  readonly wanted: Protection;
  /** Keys that nothing new is put under, by ARN or alias. */
  readonly formerKeys: readonly string[];
  /** Of a volume whose images go by blocks. */
  readonly deltas: DeltaHistory | undefined;
}

/**
 * Chooses the replication method of the next snapshot of a volume.
 * Native copies are incremental only after another native copy of the same lineage under the same key [1.6]; a volume rebuilt by failback
 * has none, but its twin allows a delta. A delta has the key of what it is written onto, and cannot be written onto an unencrypted snapshot
 * where the Region encrypts by default [2.3]. A volume in the place of another one has no lineage with what is there, only, perhaps, most
 * of its content: where that is cheaper, the two are compared. Blocks need both sides of the twin.
 */
export function chooseMethod(facts: ReplicationFacts): MethodChoice {
  const { primaryVolume, lastTwin, lost, deltas } = facts;
  if (lastTwin === undefined)
    return { method: 'native-full', reason: 'nothing of this volume is in the recovery Region yet' };
  const { primarySnapshot, recoverySnapshot } = lastTwin;
  const isNative = isNativeCopy(lastTwin);
  if (!isNative && lost !== undefined) return inFull(`${lost}, a side of its last twin, is gone`);
  const difference = differenceOf(isNative, facts);
  if (lastTwin.primaryVolume !== primaryVolume) {
    const reason = `the last twin belongs to volume ${lastTwin.primaryVolume ?? '(none)'}, not to ${primaryVolume}`;
    const comparison = difference !== undefined || deltas === undefined ? undefined : comparisonOf(deltas);
    if (comparison === undefined) return inFull(reason);
    return { method: 'compare', reason: `${reason}: ${comparisonText(comparison)}`, estimated: comparison.compare };
  }
  if (difference !== undefined) return inFull(`${recoverySnapshot} ${difference}`);
  if (isNative) {
    return { method: 'native-incremental', reason: `${recoverySnapshot} is the newest native copy of this volume` };
  }
  const payback = deltas === undefined ? undefined : paybackOf(deltas);
  if (payback !== undefined) return { method: 'native-full', reason: paybackText(payback), full: 'announced' };
  const reason = `snapshot ${primarySnapshot} and its twin ${recoverySnapshot} allow a delta`;
  return { method: 'delta', reason };
}

function inFull(reason: string): MethodChoice {
  return { method: 'native-full', reason, full: 'unexpected' };
}

/** Why nothing that is wanted now can build on what is there. A delta goes onto an encrypted snapshot whatever the volume at home is. */
function differenceOf(isNative: boolean, { far, wanted, formerKeys }: ReplicationFacts): string | undefined {
  if (far === undefined) return undefined;
  if (far.key !== undefined && formerKeys.includes(far.key)) return `is under key ${far.key}, which is a former one`;
  if (!far.isEncrypted && wanted.isEncrypted) return 'is unencrypted, and copies are encrypted now';
  if (far.isEncrypted && !wanted.isEncrypted) return isNative ? 'is encrypted, and copies are not any more' : undefined;
  const isOther = far.key !== undefined && wanted.key !== undefined && far.key !== wanted.key;
  return isOther ? `is under key ${far.key}, and copies are made under ${wanted.key} now` : undefined;
}

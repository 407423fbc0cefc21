import type { ReplicationMethod, Twin } from './catalogue.ts';

/** How the next snapshot of a volume gets to the recovery Region, and why, in words for the operation's record. */
export interface MethodChoice {
  readonly method: ReplicationMethod;
  readonly reason: string;
}

/**
 * Chooses the replication method of a snapshot of `primaryVolume`.
 * Native copies are incremental only after another native copy of the same lineage [1.6]; a volume rebuilt by failback has
 * none, but its twin allows a delta.
 */
export function chooseMethod(primaryVolume: string, lastTwin: Twin | undefined): MethodChoice {
  if (lastTwin === undefined)
    return { method: 'native-full', reason: 'nothing of this volume is in the recovery Region yet' };
  if (lastTwin.primaryVolume !== primaryVolume) {
    return {
      method: 'native-full',
      reason: `the last twin belongs to volume ${lastTwin.primaryVolume ?? '(none)'}, not to ${primaryVolume}`,
    };
  }
  if (lastTwin.method === 'delta') {
    return {
      method: 'delta',
      reason: `snapshot ${lastTwin.primarySnapshot} and its twin ${lastTwin.recoverySnapshot} allow a delta`,
    };
  }
  return {
    method: 'native-incremental',
    reason: `${lastTwin.recoverySnapshot} is the newest native copy of this volume`,
  };
}

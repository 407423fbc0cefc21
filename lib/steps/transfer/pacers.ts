import { blocksPerSecondMax, workersPerVolume } from '../../domain/blocks.ts';
import type { Services } from '../services.ts';
import { Pacer, type PacerRates } from './pacer.ts';

/** Each worker of a volume begins at half its share of what a snapshot takes, and may come to all of it. @source aws-facts [2.9] */
export const blockRates: PacerRates = {
  perSecondFirst: blocksPerSecondMax / workersPerVolume / 2,
  perSecondMax: blocksPerSecondMax,
};

/** Of the lists that the account may have, a tenth for each of the volumes that are moved at once. @source aws-facts [2.9] */
export const listRates: PacerRates = { perSecondFirst: 5, perSecondMax: 50 };

/** Kept for the life of the Lambda, so that the next unit begins at the pace that this one has found. */
const kept = new WeakMap<Services, Map<string, Pacer>>();

/** The pacer of the requests of one kind to one snapshot or Region. */
export function pacerOf(services: Services, requests: string, rates: PacerRates): Pacer {
  const pacers = kept.get(services) ?? new Map<string, Pacer>();
  kept.set(services, pacers);
  const pacer = pacers.get(requests) ?? new Pacer(() => services.now(), rates);
  pacers.set(requests, pacer);
  return pacer;
}

import { secondsBetween } from '../../domain/duration.ts';
import { isDrill, isHomeDrill } from '../../domain/drill.ts';
import { measuredPhases } from '../../domain/phase-times.ts';
import { metrics } from '../../names.ts';
import { publish } from '../operation/publish.ts';
import type { Context, Services } from '../services.ts';

/**
 * All servers of the point have come up and are healthy: the point is marked verified, and how long that took is kept. It stays pinned
 * until a newer one is verified.
 */
export async function verify(services: Services, input: Context): Promise<{ rtoSeconds: number }> {
  await services.proveEpoch(input);
  const { catalogue } = services;
  const operation = await catalogue.operationOf(input);
  const now = services.now();
  const rtoSeconds = operation.rtoSeconds ?? secondsBetween(operation.startedAt, now.toISOString());
  if (isHomeDrill(operation)) return verifyHome(services, input, rtoSeconds);
  const id = operation.recoveryPoint ?? '';
  await catalogue.updatePoint(input.plan, id, { verifiedAt: now.toISOString() });
  await catalogue.progress(input, { rtoSeconds, progression: 'verified' }, now);
  await catalogue.notePhaseTimes(measuredPhases(operation, now.toISOString()));
  await unpinOlder(services, input, id);
  await publish(services, { plan: input.plan, step: 'drill/verify' }, [
    { metric: metrics.drillDuration, value: rtoSeconds },
  ]);
  return { rtoSeconds };
}

/** Nothing of a recovery point is verified: what was launched had come home since. How long that took is another number than that of a failover. */
async function verifyHome(services: Services, input: Context, rtoSeconds: number): Promise<{ rtoSeconds: number }> {
  await services.catalogue.progress(input, { rtoSeconds, progression: 'verified' }, services.now());
  await publish(services, { plan: input.plan, step: 'drill/verify' }, [
    { metric: metrics.homeDrillDuration, value: rtoSeconds },
  ]);
  return { rtoSeconds };
}

/** Points that earlier drills of the plan had verified; one that is newer stays. */
async function unpinOlder({ catalogue }: Services, { plan, operation }: Context, verified: string): Promise<void> {
  const earlier = (await catalogue.operationsOf(plan, 'drill')).filter(({ id }) => id !== operation);
  for (const id of new Set(earlier.map(({ recoveryPoint }) => recoveryPoint))) {
    if (id === null || id > verified) continue;
    const isKept = (pin: string) => !isDrill(pin) || (pin === operation && id === verified);
    await catalogue.changePins(plan, id, (pins) => pins.filter(isKept));
  }
}

import * as z from 'zod';
import { ec2Client } from '../../aws/clients.ts';
import { findLockedSnapshots, lockSnapshot } from '../../aws/locks.ts';
import type { Measurement } from '../../aws/metrics.ts';
import { blockBytes } from '../../domain/blocks.ts';
import {
  type PointServer,
  type PointVolume,
  type RecoveryPoint,
  type TransferRecord,
  volumeKey,
} from '../../domain/catalogue.ts';
import { secondsBetween } from '../../domain/duration.ts';
import { assertInvariant, describeFailure, Failure } from '../../domain/failure.ts';
import type { Plan } from '../../domain/plan.ts';
import { isByBlocks } from '../../domain/replication-record.ts';
import { metrics } from '../../names.ts';
import { failureSchema } from '../operation/close.ts';
import { publish } from '../operation/publish.ts';
import { type Context, contextSchema, type Services } from '../services.ts';
import { sideBySide } from '../side-by-side.ts';

export const sealSchema = contextSchema.extend({
  point: z.string(),
  /** What became of describing the servers, which goes on beside their copies. */
  described: z.object({ failure: failureSchema.optional() }),
});

/**
 * Makes the point available: only when every volume of every server is complete in the recovery Region (I2), and it is known how to
 * launch them. @throws Failure SnapshotFailed when a server could not be described
 */
export async function seal(services: Services, input: z.infer<typeof sealSchema>): Promise<{ rpoSeconds: number }> {
  const plan = services.plan(input.plan);
  await services.proveEpoch(input);
  const point = await services.catalogue.point(input.plan, input.point);
  if (point === undefined)
    throw new Failure('UnknownRecoveryPoint', `Plan ${plan.name} has no recovery point ${input.point}.`);
  const missing = Object.keys(point.members).filter((name) => point.servers[name] === undefined);
  assertInvariant(Object.keys(point.members).length > 0, 'I2', `point ${point.id} was made of no server`);
  assertInvariant(missing.length === 0, 'I2', `point ${point.id} has no image of ${missing.join(', ')}`);
  const { failure } = input.described;
  if (failure !== undefined) throw new Failure('SnapshotFailed', describeFailure(failure.Error, failure.Cause));
  await sideBySide(Object.entries(point.servers), async ([server, { configuration, volumes }]) => {
    assertInvariant(configuration.settings !== undefined, 'I2', `point ${point.id} has no settings of ${server}`);
    for (const volume of Object.values(volumes)) await addTwin(services, input, point, { server, volume });
  });
  const starts = Object.values(point.servers).map(({ startedAt }) => Date.parse(startedAt));
  const skewSeconds = (Math.max(...starts) - Math.min(...starts)) / 1_000;
  const startedAt = new Date(Math.min(...starts)).toISOString();
  const sealedAt = point.sealedAt ?? services.now().toISOString();
  const rpoSeconds = secondsBetween(startedAt, sealedAt);
  await services.catalogue.updatePoint(plan.name, point.id, { status: 'available', sealedAt, startedAt, skewSeconds });
  await services.catalogue.progress(input, { progression: 'sealed', rpoSeconds }, services.now());
  await publish(services, { plan: plan.name, step: 'protect/seal' }, [
    { metric: metrics.copyAge, value: rpoSeconds },
    ...(await deltaBytes(services, point)),
  ]);
  await lockCopies(services, plan, point);
  return { rpoSeconds };
}

/**
 * Locks what the plan says is locked, once the point is available: a lock that AWS refuses fails the run aloud, and takes no point
 * away. What an earlier run of this step locked is left as it is.
 */
async function lockCopies({ client }: Services, plan: Plan, { servers }: RecoveryPoint): Promise<void> {
  const { lock } = plan.protection.retention;
  if (lock === undefined) return;
  const ec2 = client(ec2Client, plan.recovery.region);
  const locked = await findLockedSnapshots(ec2);
  const copies = Object.values(servers).flatMap(({ volumes }) => Object.values(volumes).map(({ copy }) => copy));
  for (const copy of copies) if (copy !== null && !locked.has(copy)) await lockSnapshot(ec2, copy, lock);
}

/**
 * Of the plan and of each server, where it is known. Of a native copy AWS tells nobody how much it moved.
 * @source aws-facts [1.6], [1.7]
 */
async function deltaBytes(services: Services, { operation, servers }: RecoveryPoint): Promise<Measurement[]> {
  const volumes = Object.values(servers).flatMap((server) => Object.values(server.volumes));
  if (!volumes.some(({ method }) => isByBlocks(method))) return [];
  const transfers = new Map((await services.catalogue.transfers(operation)).map((each) => [each.volume, each]));
  const known = Object.entries(servers).flatMap(([server, { volumes: of }]): Measurement[] => {
    const value = bytesOf(server, of, transfers);
    return value === undefined ? [] : [{ metric: metrics.deltaBytes, value, server }];
  });
  if (known.length < Object.keys(servers).length) return known;
  return [{ metric: metrics.deltaBytes, value: known.reduce((sum, { value }) => sum + value, 0) }, ...known];
}

function bytesOf(
  server: string,
  volumes: PointServer['volumes'],
  transfers: ReadonlyMap<string, TransferRecord>,
): number | undefined {
  let bytes = 0;
  for (const { device, method } of Object.values(volumes)) {
    const transfer = transfers.get(volumeKey(server, device));
    const changedBlocks = transfer?.changedBlocks ?? null;
    if (!isByBlocks(method) || changedBlocks === null) return undefined;
    bytes += changedBlocks * blockBytes;
  }
  return bytes;
}

/** `madeAt` is the point's start, so that sealing twice records the same twin. */
async function addTwin(
  services: Services,
  { epoch }: Context,
  point: RecoveryPoint,
  { server, volume }: { server: string; volume: PointVolume },
): Promise<void> {
  const key = volumeKey(server, volume.device);
  const { copy, method } = volume;
  assertInvariant(
    volume.isComplete && copy !== null && method !== null,
    'I2',
    `volume ${key} of point ${point.id} is not complete in the recovery Region`,
  );
  await services.catalogue.addTwin({
    plan: point.plan,
    volume: key,
    madeAt: point.id,
    method,
    primarySnapshot: volume.snapshot,
    recoverySnapshot: copy,
    primaryVolume: volume.volumeId,
    operation: point.operation,
    epoch,
  });
}

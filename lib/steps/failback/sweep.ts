import type * as z from 'zod';
import { ec2Client } from '../../aws/clients.ts';
import { findSnapshotsOfPlan } from '../../aws/snapshots.ts';
import { nextPoll, type PollResult, pollingSeconds, settledSeconds } from '../../domain/poll.ts';
import { type undoSchema, waitForUndo } from '../failover/undo.ts';
import { sweepSnapshots } from '../operation/sweep.ts';
import type { Services } from '../services.ts';

type SweepInput = z.infer<typeof undoSchema>;

/** Removes what an estimate or the rounds of an undone failback left in the recovery Region (I8). What has committed is final. */
export async function sweep(services: Services, input: SweepInput): Promise<PollResult> {
  const { commit } = await services.proveEpoch(input);
  if (commit === input.operation) return nextPoll(input.poll, true, services.now());
  const { region } = services.plan(input.plan).recovery;
  const isSettled = pollingSeconds(input.poll, services.now()) >= settledSeconds;
  if ((await removeRounds(services, input, region)) && isSettled) return nextPoll(input.poll, true, services.now());
  const advice = `Look at the snapshots of operation ${input.operation} in ${region}.`;
  return waitForUndo(services, input, `The snapshots of the failback of plan ${input.plan}`, advice);
}

/**
 * Snapshots of this failback go, but for the twins it completed: the next one goes on from there. What belongs to a completed round
 * stays even where no twin names it, since a twin may be lost (I3); a later prune sees to it.
 */
export async function removeRounds(services: Services, input: SweepInput, region: string): Promise<boolean> {
  const twins = await services.catalogue.twins(input.plan);
  const kept = new Set(twins.flatMap(({ primarySnapshot, recoverySnapshot }) => [primarySnapshot, recoverySnapshot]));
  const { rounds } = await services.catalogue.operationOf(input);
  const isOfRound = (step = '') => rounds.some(({ number }) => step.startsWith(`round-${number}/`));
  const found = await findSnapshotsOfPlan(services.client(ec2Client, region), input.plan);
  const { isDone } = await sweepSnapshots(
    services,
    input,
    { region, found },
    ({ id, operation, step }) => operation === input.operation && !kept.has(id) && !isOfRound(step),
  );
  return isDone;
}

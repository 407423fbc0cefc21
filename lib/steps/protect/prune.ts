import type * as z from 'zod';
import type { Twin } from '../../domain/catalogue.ts';
import { hasCommands } from '../../domain/consistency.ts';
import { nextPoll, type PollResult, pollingSeconds, pollSchema } from '../../domain/poll.ts';
import { metrics } from '../../names.ts';
import { isHomeSilent, isReverse, keepNewestAway } from '../failback/reverse.ts';
import { publish } from '../operation/publish.ts';
import { visibleWithinSeconds } from '../operation/create-once.ts';
import { refillSeconds, sweepSnapshots } from '../operation/sweep.ts';
import { contextSchema, type Services } from '../services.ts';
import { sideBySide } from '../side-by-side.ts';
import { judge } from './judge.ts';
import { stillFrozen } from './thaw.ts';

export const pruneSchema = contextSchema.extend({ poll: pollSchema });

/** `frozen`: servers that the run froze and that are not known to be thawed, as it comes to its end. */
export type PruneResult = PollResult & { readonly frozen?: readonly string[] };

/**
 * Deletes what retention lets go, and what broken operations left behind (I3, I8). A point that goes is marked before the first of its
 * snapshots is deleted, so that none is recovered from by halves (I2), and its item is removed after the last. What a returned primary
 * held is kept until it is accepted, a manifest as long as something that it describes. Where the table and
 * the tags of the snapshots contradict each other nothing is deleted, and that is noted.
 */
export async function prune(services: Services, input: z.infer<typeof pruneSchema>): Promise<PruneResult> {
  const { catalogue } = services;
  const plan = services.plan(input.plan);
  await services.proveEpoch(input);
  const isAway = isReverse(await catalogue.operationOf(input));
  if (isAway && (await isHomeSilent(services, await services.planOf(input)))) {
    const { isDone } = await keepNewestAway(services, input, plan.recovery.region);
    return nextPoll(input.poll, isDone, services.now());
  }
  const judgement = await judge(services, plan, input);
  const { doomedPoints, doomedTwins } = judgement;
  for (const point of doomedPoints)
    if (point.status === 'available' && !(await catalogue.expirePoint(point)))
      return nextPoll(input.poll, false, services.now());
  let isDone = true;
  const pointsLeft = new Set<string | undefined>();
  const refused = new Set<string>();
  // Each Region has quotas of its own.
  await sideBySide(['primary', 'recovery'] as const, async (side) => {
    const { region } = plan[side];
    const found = judgement.snapshots[side];
    const swept = await sweepSnapshots(services, input, { region, found }, async (snapshot) => {
      const verdict = await judgement.of(snapshot, side);
      if (verdict.doubt !== undefined)
        await catalogue.addEvent(
          input.operation,
          services.now(),
          `${snapshot.id} in ${region} is kept: ${verdict.doubt}`,
        );
      return verdict.goes;
    });
    isDone &&= swept.isDone;
    for (const { point } of swept.left) pointsLeft.add(point);
    for (const id of swept.refused) refused.add(id);
  });
  const isFull = !isDone;
  // What it made at its end may not be described yet. @source aws-facts [7.4]
  isDone &&= !judgement.isBroken || pollingSeconds(input.poll, services.now()) >= visibleWithinSeconds;
  if (isDone) {
    // What AWS did not let go is still accounted for by its item, and tried again by the next prune.
    const isLeft = (twin: Twin) => refused.has(twin.primarySnapshot) || refused.has(twin.recoverySnapshot);
    await sideBySide(
      doomedTwins.filter((twin) => !isLeft(twin)),
      (twin) => catalogue.removeTwin(twin),
    );
    for (const { id } of doomedPoints) if (!pointsLeft.has(id)) await catalogue.removePoint(plan.name, id);
    await publish(services, { plan: plan.name, step: 'protect/prune' }, [
      { metric: metrics.pointsAvailable, value: judgement.available },
    ]);
  }
  const next = { ...nextPoll(input.poll, isDone, services.now()), ...(isFull ? { waitSeconds: refillSeconds } : {}) };
  if (!isDone || !hasCommands(plan)) return next;
  const frozen = await stillFrozen(services, plan.name, input.operation);
  return frozen.length === 0 ? next : { ...next, frozen: frozen.map(({ server }) => server) };
}

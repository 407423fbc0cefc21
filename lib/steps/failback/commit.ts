import type * as z from 'zod';
import { assertInvariant } from '../../domain/failure.ts';
import { measuredPause } from '../../domain/cut-over.ts';
import { secondsBetween } from '../../domain/duration.ts';
import { homeLines, homesAfter, newHomeOf } from '../../domain/homes.ts';
import { nextState } from '../../domain/phase.ts';
import { type contextSchema, type Services } from '../services.ts';
import { instancesOf, serversAway } from '../waves/site.ts';

/** The point after which the failback is final: production is home. Recovery servers stay, stopped (I5). The write to the plan's state decides. */
export async function commit(
  services: Services,
  input: z.infer<typeof contextSchema>,
): Promise<{ rtoSeconds: number }> {
  const plan = await services.planOf(input);
  const state = await services.proveEpoch(input);
  nextState(state, { kind: 'commit', by: input });
  const operation = await services.catalogue.operationOf(input);
  if (state.activeSite === 'recovery') {
    const away = await instancesOf(services, input, 'recovery', await serversAway(services, input));
    const serving = [...away].filter(([, instance]) => instance.state !== 'stopped');
    assertInvariant(
      serving.length === 0,
      'I1',
      `${serving.map(([name]) => name).join(', ')} still runs in ${plan.recovery.region}`,
    );
  }
  for (const server of operation.newServers ?? [])
    assertInvariant(
      newHomeOf(operation, server) !== undefined,
      'I4',
      `server ${server}, which comes home as a new one, was not launched`,
    );
  const committedAt = operation.committedAt ?? services.now().toISOString();
  const pauseFrom = operation.rounds.find(({ isFinal }) => isFinal)?.startedAt ?? operation.startedAt;
  const rtoSeconds = secondsBetween(pauseFrom, committedAt);
  await services.catalogue.progress(input, { committedAt, rtoSeconds, progression: 'committed' }, services.now());
  const homes = operation.newServers === undefined ? {} : { homes: homesAfter(plan, state.homes, operation) };
  const { homes: now } = await services.catalogue.changeState(input, { kind: 'commit', ...homes });
  await services.catalogue.notePhaseTimes(measuredPause(operation, committedAt));
  for (const line of homeLines(operation, now))
    await services.catalogue.addEvent(input.operation, services.now(), line);
  await services.catalogue.addEvent(input.operation, services.now(), 'failback committed');
  return { rtoSeconds };
}

import type { Operation } from '../../domain/catalogue.ts';
import { choiceLines, pointsOf } from '../../domain/choice.ts';
import { wavesOf } from '../operation/open.ts';
import type { Context, Services } from '../services.ts';
import type { WaveItem } from '../waves/wave.ts';

/** Retention lets a point go only when nothing was launched from it: its snapshots are the base of the way home. */
export async function pin(services: Services, operation: Operation): Promise<void> {
  for (const id of pointsOf(operation))
    await services.catalogue.changePins(operation.plan, id, (pins) => [...new Set([...pins, operation.id])]);
}

/** What it launches from and what that gives up stand in the operation before anything is launched. */
export async function sayChoice(
  { catalogue }: Services,
  { id, startedAt, recoveryPoint, choice }: Operation,
): Promise<void> {
  if (recoveryPoint === null || choice === undefined) return;
  for (const line of choiceLines(recoveryPoint, choice)) await catalogue.addEvent(id, new Date(startedAt), line);
}

/** The servers that an operation launches, wave by wave. */
export async function wavesToRecovery(services: Services, context: Context): Promise<WaveItem[]> {
  return wavesOf(await services.planOf(context)).map(({ wave, servers }) => ({
    ...context,
    wave,
    site: 'recovery' as const,
    servers,
  }));
}

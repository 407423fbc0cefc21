import { z } from 'zod';
import { type Operation, phaseSchema } from './catalogue.ts';
import { name } from './fields.ts';
import { pointIdSchema, time } from './ids.ts';

/** Whether a failover of the plan would work now, as it was last looked at: an item of the catalogue, `PLAN#<plan>` / `READINESS`. */
export const readinessSchema = z
  .object({
    plan: name,
    at: time,
    /** Where the plan was: there is nothing to look at but at home. */
    phase: phaseSchema,
    /** What a failover would launch from. */
    recoveryPoint: pointIdSchema.nullable(),
    /** What would stop it; none: the plan is ready. */
    blocking: z.array(z.string()).readonly(),
    /** What may. */
    warnings: z.array(z.string()).readonly(),
    /** `null` while no drill or failover has measured it. */
    rtoSeconds: z.number().nullable(),
  })
  .readonly();
export type Readiness = z.output<typeof readinessSchema>;

/** How often is looked. */
export const readinessEverySeconds = 1_800;

/** Records that were changed answer everywhere by then. @source aws-facts [4.2] */
const syncSeconds = 60;

/**
 * How long a failover would take: as the last one did, or the last drill, whose servers were healthy after so long, and then the records.
 * `null` where neither was ever measured.
 */
export function predictedRtoSeconds(
  operations: readonly Pick<Operation, 'kind' | 'rtoSeconds' | 'startedAt'>[],
): number | null {
  const measured = operations.filter(({ kind, rtoSeconds }) => kind !== 'failback' && rtoSeconds !== null);
  const [newest] = measured.toSorted((a, b) => b.startedAt.localeCompare(a.startedAt));
  if (newest?.rtoSeconds === undefined || newest.rtoSeconds === null) return null;
  return newest.rtoSeconds + (newest.kind === 'drill' ? syncSeconds : 0);
}

import * as z from 'zod';
import { phaseSchema } from './catalogue.ts';
import { name } from './fields.ts';
import { pointIdSchema, time } from './ids.ts';
import { predictedPhaseSchema } from './phase-times.ts';

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
    /** Quotas behind which some of its servers would find no room. Looks of earlier versions have none. */
    short: z.array(z.string()).readonly().default([]),
    /** Why the primary could not be isolated, as its plan wants it fenced. Looks of earlier versions have none. */
    unfenceable: z.array(z.string()).readonly().default([]),
    /** What could not be looked at, and may be in the way or too small. Looks of earlier versions have none. */
    unseen: z.array(z.string()).readonly().default([]),
    /** What may. */
    warnings: z.array(z.string()).readonly(),
    /** `null` while no drill or failover has measured it. */
    rtoSeconds: z.number().nullable(),
    /** The same until the volumes are filled, at the latest; `null` where the plan does not say how fast. */
    fullPerformanceSeconds: z.number().nullable().default(null),
    /** What it is the sum of. Looks of earlier versions have none. */
    rtoPhases: z.array(predictedPhaseSchema).readonly().default([]),
  })
  .readonly();
export type Readiness = z.output<typeof readinessSchema>;

/** How often is looked. */
export const readinessEverySeconds = 1_800;

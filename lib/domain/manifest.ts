import * as z from 'zod';
import {
  type Operation,
  operationSchema,
  type PlanState,
  planStateSchema,
  type RecoveryPoint,
  recoveryPointSchema,
  type Twin,
  twinSchema,
} from './catalogue.ts';

/**
 * What a final operation leaves in the table, as it leaves it: enough to write these items again when the table is lost. Kept
 * outside of the table, one for each protect run that sealed a point and each failover or failback that committed.
 */
export const manifestSchema = z
  .object({
    version: z.literal(1),
    /** Free, at rest, with the epoch under which the operation ended. */
    state: planStateSchema,
    /** Without its end, which is not known while the manifest is written. */
    operation: operationSchema,
    /** The point that a protect run sealed. */
    point: recoveryPointSchema.nullable(),
    twins: z.array(twinSchema).readonly(),
  })
  .superRefine(({ state, operation, point, twins }, { addIssue }) => {
    const wrong = (path: string, message: string) => addIssue({ code: 'custom', path: [path], message });
    const plans = [operation.plan, ...(point === null ? [] : [point.plan]), ...twins.map(({ plan }) => plan)];
    if (plans.some((plan) => plan !== state.plan)) wrong('state', 'is of another plan');
    if (state.lease !== null) wrong('state', 'names a holder');
    if (point !== null && point.operation !== operation.id) wrong('point', 'is of another operation');
    if (twins.some((twin) => twin.operation !== operation.id)) wrong('twins', 'are of another operation');
  })
  .readonly();
export type Manifest = z.output<typeof manifestSchema>;

/** The manifest of an operation that has sealed its point or has committed, while it still holds the plan. */
export function manifestOf(facts: {
  readonly state: PlanState;
  readonly operation: Operation;
  readonly point: RecoveryPoint | undefined;
  /** Of the plan. */
  readonly twins: readonly Twin[];
}): Manifest {
  const { state, operation, point, twins } = facts;
  return {
    version: 1,
    state: {
      ...state,
      phase: state.activeSite === 'primary' ? 'protected' : 'recovered',
      lease: null,
      restingSince: null,
    },
    operation: { ...operation, outcome: 'succeeded', progression: 'closed', cause: null, endedAt: null },
    point: point?.operation === operation.id ? point : null,
    twins: twins.filter((twin) => twin.operation === operation.id),
  };
}

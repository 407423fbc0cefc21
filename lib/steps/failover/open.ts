import * as z from 'zod';
import { asksForDrill, asksForTakeDown, type DrillOpened, openDrill, takeOverDrill } from '../drill/open.ts';
import { answer, type Answered, isAnswer } from '../operation/answer.ts';
import { openOperation, type openSchema, parseInput, refuseUnlessOpenable, triggerSchema } from '../operation/open.ts';
import { asksForUndo, type TakenOver, takeOver } from '../operation/take-over.ts';
import type { Context, Services } from '../services.ts';
import type { WaveItem } from '../waves/wave.ts';
import { asksForSwitch, switchAutomatic, type Switched } from './automatic.ts';
import { choose, selectorSchema } from './choose.ts';
import { pin, sayChoice, wavesToRecovery } from './launching.ts';
import { alarmSchema } from './veto.ts';

const plainSchema = z.strictObject({
  plan: z.string(),
  recoveryPoint: selectorSchema.default('latest'),
  servers: z.record(z.string(), z.strictObject({ recoveryPoint: selectorSchema })).default({}),
  planned: z.boolean().default(false),
  dryRun: z.boolean().default(false),
  alarm: alarmSchema.optional(),
  trigger: triggerSchema,
});
/** A planned failover takes its own point. */
const inputSchema = plainSchema.superRefine(({ planned, recoveryPoint, servers }, { addIssue }) => {
  const wrong = (path: string) =>
    addIssue({
      code: 'custom',
      path: [path],
      message: 'cannot be chosen: a planned failover takes a point of its own',
    });
  if (planned && recoveryPoint !== 'latest') wrong('recoveryPoint');
  if (planned && Object.keys(servers).length > 0) wrong('servers');
});

export type FailoverOpened = Context & {
  readonly dryRun: boolean;
  readonly isPlanned?: true;
  readonly recoveryPoint: string;
  readonly waves: readonly WaveItem[];
  /** Whose images can be registered at once: none where the point has still to be taken. */
  readonly servers: readonly string[];
};

/** Opens a failover: input, phase and recovery point are checked before anything is locked (I12). Touches the recovery Region only (I9). */
export async function open(
  services: Services,
  { input, execution }: z.infer<typeof openSchema>,
): Promise<FailoverOpened | DrillOpened | TakenOver | Switched | Answered> {
  if (isAnswer(input)) return answer(services, 'failover', input);
  if (asksForSwitch(input)) return switchAutomatic(services, input);
  if (asksForDrill(input)) return openDrill(services, input, execution);
  if (asksForTakeDown(input)) return takeOverDrill(services, input, execution);
  if (asksForUndo(input)) return takeOver(services, 'failover', input, execution);
  const parsed = parseInput('failover', inputSchema, input, '{"plan": "shop"}');
  const { plan: name, dryRun, planned, trigger, ...wanted } = parsed;
  const plan = services.plan(name);
  await refuseUnlessOpenable(services, name, 'failover', execution);
  const chosen = await choose(services, plan, wanted);
  const planning = planned ? { isPlanned: true as const } : {};
  const extent = dryRun ? { extent: 'dry-run' as const } : {};
  const opened = await openOperation(services, {
    kind: 'failover',
    plan,
    execution,
    trigger,
    ...chosen,
    ...planning,
    ...extent,
  });
  if (opened.kind === 'busy') throw opened.failure;
  const { context } = opened;
  const waves = await wavesToRecovery(services, context);
  const operation = await services.catalogue.operationOf(context);
  if (!dryRun && !planned) await pin(services, operation);
  if (!planned) await sayChoice(services, operation);
  const recoveryPoint = operation.recoveryPoint ?? chosen.recoveryPoint;
  const servers = planned ? [] : waves.flatMap((wave) => wave.servers);
  return { ...context, dryRun, ...planning, recoveryPoint, waves, servers };
}

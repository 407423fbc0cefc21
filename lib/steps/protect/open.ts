import * as z from 'zod';
import { tickDelay } from '../../domain/rpo.ts';
import { metrics } from '../../names.ts';
import { beginPoint } from '../operation/begin-point.ts';
import { openOperation, type openSchema, parseInput } from '../operation/open.ts';
import { publish } from '../operation/publish.ts';
import type { Context, Services } from '../services.ts';

const inputSchema = z.strictObject({ plan: z.string(), scheduledFor: z.iso.datetime().optional() });

/** What becomes of a run. Of one that the schedule began: how long after its time, in seconds. */
export type ProtectOpened = { readonly delaySeconds?: number } & (
  | (Context & { readonly skipped: false; readonly point: string })
  | { readonly skipped: true; readonly reason: string }
);

/**
 * Opens a protect operation and its recovery point; while another operation has the plan, this tick is skipped and says so. One that
 * comes late says so too: in the output of the execution, as a metric, and beside the operation.
 */
export async function open(
  services: Services,
  { input, execution }: z.infer<typeof openSchema>,
): Promise<ProtectOpened> {
  const { plan: name, scheduledFor } = parseInput('protect', inputSchema, input, '{"plan": "shop"}');
  const plan = services.plan(name);
  const trigger = scheduledFor === undefined ? 'operator' : 'schedule';
  const opened = await openOperation(services, { kind: 'protect', plan, execution, trigger, recoveryPoint: null });
  const delay = tickDelay(scheduledFor, services.now());
  const delayed = delay === null ? {} : { delaySeconds: delay.seconds };
  if (delay !== null)
    await publish(services, { plan: name, step: 'protect/open' }, [
      { metric: metrics.tickSkipped, value: opened.kind === 'busy' ? 1 : 0 },
      { metric: metrics.tickDelay, value: delay.seconds },
    ]);
  if (opened.kind === 'busy') return { skipped: true, reason: opened.failure.message, ...delayed };
  const { context } = opened;
  if (delay?.isLate === true)
    await services.catalogue.addEvent(
      context.operation,
      services.now(),
      `the tick of ${scheduledFor ?? ''} came ${delay.seconds} s late`,
    );
  const operation = await services.catalogue.operationOf(context);
  const point = await beginPoint(services, operation);
  await services.catalogue.progress(context, { recoveryPoint: point, progression: 'capturing' }, services.now());
  return { skipped: false, ...delayed, ...context, point };
}

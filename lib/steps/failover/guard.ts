import { cloudwatchClient, sfnClient } from '../../aws/clients.ts';
import { z } from 'zod';
import { startExecution } from '../../aws/executions.ts';
import { readAlarm } from '../../aws/signals.ts';
import type { PlanState } from '../../domain/catalogue.ts';
import { Failure } from '../../domain/failure.ts';
import type { Plan } from '../../domain/plan.ts';
import { environment } from '../../names.ts';
import type { Services } from '../services.ts';

/** Longer than stopped servers need to start, pass their checks and send heartbeats; a Lambda may run for 15 minutes. */
const returnSeconds = 420;
const coolDownSecondsMax = 840;

/**
 * A failover or failback stops servers, and with them the heartbeat. Until that has had time to come back, an alarm says nothing
 * new: the guard waits, and looks again.
 */
async function coolDown(services: Services, plan: Plan, { restingSince }: PlanState): Promise<void> {
  if (restingSince === null) return;
  const coolSeconds = Math.min(coolDownSecondsMax, (plan.failover.automatic?.missingForSeconds ?? 0) + returnSeconds);
  const leftMs = Date.parse(restingSince) + coolSeconds * 1_000 - services.now().getTime();
  if (leftMs > 0) await new Promise((resume) => setTimeout(resume, leftMs));
}

/** The event of an alarm's state change; more members are ignored. @source aws-facts [5.8], [11] */
export const alarmEventSchema = z.object({
  'detail-type': z.literal('CloudWatch Alarm State Change'),
  detail: z.object({
    alarmName: z.string(),
    state: z.object({ value: z.string() }),
    previousState: z.object({ value: z.string() }),
  }),
});

export type GuardDecision =
  | { readonly started: true; readonly execution: string }
  | { readonly started: false; readonly reason: string };

/**
 * Starts a failover for an alarm, after looking for itself: the alarm was off before and is still on, the plan is protected. An
 * alarm that was never off says that no heartbeat has arrived yet, not that one has stopped. The execution is named after the alarm's transition, so that any number of copies of one event start one execution.
 */
export async function guard(services: Services, event: z.infer<typeof alarmEventSchema>): Promise<GuardDecision> {
  const { alarmName, previousState } = event.detail;
  const planOf = z.record(z.string(), z.string()).parse(JSON.parse(services.setting(environment.alarms)));
  const name = planOf[alarmName];
  if (name === undefined) throw new Failure('InvalidInput', `Alarm ${alarmName} belongs to no plan of this stack.`);
  if (previousState.value !== 'OK')
    return {
      started: false,
      reason: `alarm ${alarmName} was ${previousState.value} before, not OK: no heartbeat has arrived yet`,
    };
  await coolDown(services, services.plan(name), await services.catalogue.state(name));
  const alarm = await readAlarm(services.client(cloudwatchClient), alarmName);
  if (alarm?.state !== 'ALARM')
    return { started: false, reason: `alarm ${alarmName} is ${alarm?.state ?? 'gone'} by now` };
  const state = await services.catalogue.state(name);
  if (state.phase !== 'protected') return { started: false, reason: `plan ${name} is ${state.phase}` };
  const execution = `alarm-${name}-${alarm.since.replaceAll(/[^0-9TZ]/g, '')}`.slice(0, 80);
  const input = JSON.stringify({ plan: name, trigger: `alarm ${alarmName}` });
  await startExecution(services.client(sfnClient), {
    stateMachine: services.setting(environment.failoverMachineArn),
    name: execution,
    input,
  });
  return { started: true, execution };
}

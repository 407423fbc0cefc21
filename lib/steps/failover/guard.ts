import { sfnClient } from '../../aws/clients.ts';
import * as z from 'zod';
import { describeExecution, startExecution } from '../../aws/executions.ts';
import type { PlanState } from '../../domain/catalogue.ts';
import { describeFailure, Failure } from '../../domain/failure.ts';
import type { Plan } from '../../domain/plan.ts';
import { quoted } from '../../domain/quoted.ts';
import { environment } from '../../names.ts';
import { pause } from '../pause.ts';
import { tell } from '../operation/tell.ts';
import type { Services } from '../services.ts';
import { coolUntil, whyNotAutomatic } from './automatic.ts';
import { readSignals, readTrigger } from './signals.ts';

/** A Lambda may run for 15 minutes. */
const patienceSecondsMax = 780;
const lookEverySeconds = 15;
/** An execution whose input or phase is refused has ended by then. */
const refusedWithinSeconds = 30;

/**
 * Waits until the alarm means something: no other operation has the plan, and servers that one stopped have had time to be heard of
 * again. Returns the plan's state then; once its patience is over, as it is, or `undefined` while another operation has it.
 */
async function settledState(services: Services, plan: Plan): Promise<PlanState | undefined> {
  const deadline = services.now().getTime() + patienceSecondsMax * 1_000;
  for (;;) {
    const state = await services.catalogue.state(plan.name);
    const isBusy = state.phase !== 'protected' && state.activeSite === 'primary';
    const now = services.now().getTime();
    const isCool = now >= (coolUntil(plan, state)?.getTime() ?? 0);
    if (!isBusy && (isCool || now > deadline)) return state;
    if (now > deadline) return undefined;
    await pause(lookEverySeconds * 1_000);
  }
}

const stateSchema = z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']);

/** The event of an alarm's state change; more members are ignored. @source aws-facts [5.8], [11] */
export const alarmEventSchema = z.object({
  'detail-type': z.literal('CloudWatch Alarm State Change'),
  detail: z.object({
    alarmName: z.string(),
    state: z.object({ value: stateSchema }),
    previousState: z.object({ value: stateSchema }),
  }),
});

/** Alarm name → plan. */
const planOfSchema = z.record(z.string(), z.string());

export type GuardDecision =
  | { readonly started: true; readonly execution: string }
  | { readonly started: false; readonly reason: string };

/**
 * Starts a failover for an alarm, after looking for itself: the alarm was off before and is still on, the signals behind it say so in this minute,
 * the plan is protected. An alarm that was never off says that no heartbeat has arrived yet, not that one has stopped. The execution is named after
 * the alarm's transition, so that any number of copies of one event start one execution.
 */
export async function guard(services: Services, event: z.infer<typeof alarmEventSchema>): Promise<GuardDecision> {
  const { alarmName, state: told, previousState } = event.detail;
  const planOf = new Map(Object.entries(planOfSchema.parse(JSON.parse(services.setting(environment.alarms)))));
  const name = planOf.get(alarmName);
  if (name === undefined)
    throw new Failure('InvalidInput', `Alarm ${quoted(alarmName)} belongs to no plan of this stack.`);
  if (told.value !== 'ALARM') return { started: false, reason: `alarm ${alarmName} became ${told.value}` };
  if (previousState.value !== 'OK')
    return {
      started: false,
      reason: `alarm ${alarmName} was ${previousState.value} before, not OK: nothing was well yet`,
    };
  const plan = services.plan(name);
  const state = await settledState(services, plan);
  const alarm = await readTrigger(services, plan, alarmName);
  if (alarm?.state !== 'ALARM')
    return { started: false, reason: `alarm ${alarmName} is ${alarm?.state ?? 'gone'} by now` };
  if (state === undefined) return refuse(services, name, 'another operation has the plan');
  if (state.activeSite === 'recovery')
    return { started: false, reason: `plan ${name} runs in ${plan.recovery.region}` };
  if (state.phase !== 'protected') return refuse(services, name, `the plan is ${state.phase}`);
  const reason = (await whyNotAutomatic(services, plan, state)) ?? (await readSignals(services, plan)).shortfall;
  if (reason !== undefined) return refuse(services, name, reason);
  const execution = await start(services, plan, { name: alarmName, since: alarm.since });
  // The execution tells people itself before it waits, and looks again after that.
  if (plan.failover.automatic?.cancelWindowSeconds !== undefined) return started(execution);
  await pause(refusedWithinSeconds * 1_000);
  const { status, error, cause } = await describeExecution(services.client(sfnClient), execution);
  if (status === 'FAILED') await refuse(services, name, describeFailure(error, cause));
  return started(execution);
}

function started(execution: string): GuardDecision {
  return { started: true, execution: execution.split(':').at(-1) ?? '' };
}

function start(
  services: Services,
  { name: plan, failover }: Plan,
  { name, since }: { name: string; since: string },
): Promise<string> {
  const { cancelWindowSeconds } = failover.automatic ?? {};
  const until = (seconds: number) => new Date(services.now().getTime() + seconds * 1_000).toISOString();
  const alarm = cancelWindowSeconds === undefined ? {} : { alarm: { name, cancelUntil: until(cancelWindowSeconds) } };
  return startExecution(services.client(sfnClient), {
    stateMachine: services.setting(environment.failoverMachineArn),
    name: `alarm-${plan}-${since.replaceAll(/[^0-9TZ]/g, '')}`.slice(0, 80),
    input: JSON.stringify({ plan, trigger: `alarm ${name}`, ...alarm }),
  });
}

/** An alarm that leads to nothing is told to somebody (I11): it will not go off a second time. */
async function refuse(services: Services, plan: string, reason: string): Promise<GuardDecision> {
  const subject = `Homeward: no failover of plan ${plan}`;
  await tell(
    services,
    subject,
    `The alarm of plan ${plan} is on, and no failover was made: ${reason}\nLook at the plan, then start the failover by hand.`,
  );
  return { started: false, reason };
}

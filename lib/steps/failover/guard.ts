import { sfnClient } from '../../aws/clients.ts';
import * as z from 'zod';
import { describeExecution, startExecution } from '../../aws/executions.ts';
import { isProbed, type Outage } from '../../domain/automatic.ts';
import type { PlanState } from '../../domain/catalogue.ts';
import { describeFailure, Failure } from '../../domain/failure.ts';
import type { Plan } from '../../domain/plan.ts';
import { quoted } from '../../domain/quoted.ts';
import { environment } from '../../names.ts';
import { pause } from '../pause.ts';
import { tell } from '../operation/tell.ts';
import type { Services } from '../services.ts';
import { coolUntil, whyNotAutomatic } from './automatic.ts';
import { concludeOutage, outageNow, type OutageNow } from './outage.ts';
import { readTrigger } from './signals.ts';

/** A Lambda may run for 15 minutes. */
const patienceSecondsMax = 780;
const lookEverySeconds = 15;
/** An execution whose input or phase is refused has ended by then. */
const refusedWithinSeconds = 30;

interface Standing {
  readonly state: PlanState;
  /** Another operation has the plan. */
  readonly isBusy: boolean;
  /** The alarm means something: the plan is free, and servers that an operation stopped have had time to be heard of again. */
  readonly isSettled: boolean;
}

async function standingOf(services: Services, plan: Plan): Promise<Standing> {
  const state = await services.catalogue.state(plan.name);
  const isBusy = state.phase !== 'protected' && state.activeSite === 'primary';
  const isCool = services.now().getTime() >= (coolUntil(plan, state)?.getTime() ?? 0);
  return { state, isBusy, isSettled: !isBusy && isCool };
}

/** Waits until the alarm means something, or its patience is over. */
async function settledStanding(services: Services, plan: Plan): Promise<Standing> {
  const deadline = services.now().getTime() + patienceSecondsMax * 1_000;
  for (;;) {
    const standing = await standingOf(services, plan);
    if (standing.isSettled || services.now().getTime() > deadline) return standing;
    await pause(lookEverySeconds * 1_000);
  }
}

const stateSchema = z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']);

/** The event of an alarm's state change; more members are ignored. @source aws-facts [5.8], [11] */
const alarmEventSchema = z.object({
  'detail-type': z.literal('CloudWatch Alarm State Change'),
  detail: z.object({
    alarmName: z.string(),
    state: z.object({ value: stateSchema }),
    previousState: z.object({ value: stateSchema }),
  }),
});

/** An alarm went on; or of a plan that has probes, each minute: what happens while its alarm is on already. */
export const guardInputSchema = z.union([alarmEventSchema, z.strictObject({ plan: z.string() })]);

/** Alarm name → plan. */
const planOfSchema = z.record(z.string(), z.string());

export type GuardDecision =
  | { readonly started: true; readonly execution: string }
  | { readonly started: false; readonly reason: string };

/**
 * Starts a failover for an alarm, after looking for itself: the alarm was off before and is still on, the signals behind it say so in this minute,
 * the plan is protected. An alarm that was never off says that no heartbeat has arrived yet, not that one has stopped. The execution is named after
 * the outage, so that any number of copies of one event, and of looks beside it, start one execution.
 */
export async function guard(services: Services, input: z.infer<typeof guardInputSchema>): Promise<GuardDecision> {
  const planOf = new Map(Object.entries(planOfSchema.parse(JSON.parse(services.setting(environment.alarms)))));
  if ('plan' in input) return lookAgain(services, services.plan(input.plan), planOf);
  const { alarmName, state: told, previousState } = input.detail;
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
  const standing = await settledStanding(services, plan);
  const now = await readOutage(services, plan, alarmName);
  if (now.kind === 'out') return decide(services, plan, { alarmName, outage: now.outage, standing });
  if (now.kind === 'off' || standing.state.activeSite === 'recovery') return { started: false, reason: now.reason };
  return refuse(services, name, `${now.reason}. It is looked at again each minute while the alarm is on.`);
}

/**
 * What the event of an alarm cannot tell: that signals which count suffice by now, while the alarm was on before because of others. It waits for the
 * plan from look to look, and tells people only what it decides.
 */
async function lookAgain(services: Services, plan: Plan, planOf: ReadonlyMap<string, string>): Promise<GuardDecision> {
  const [alarmName] = [...planOf].find(([, name]) => name === plan.name) ?? [];
  if (alarmName === undefined || !isProbed(plan))
    throw new Failure(
      'InvalidInput',
      `Plan ${plan.name} has no probes, and its alarm tells of every outage by itself.`,
    );
  const now = await readOutage(services, plan, alarmName);
  if (now.kind !== 'out') return { started: false, reason: now.reason };
  const standing = await standingOf(services, plan);
  const patientUntil = Date.parse(now.outage.since) + patienceSecondsMax * 1_000;
  if (!standing.isSettled && services.now().getTime() <= patientUntil)
    return { started: false, reason: 'another operation has the plan, or it cools down: looked at again in a minute' };
  return decide(services, plan, { alarmName, outage: now.outage, standing });
}

async function readOutage(
  services: Services,
  plan: Plan,
  alarmName: string,
): Promise<OutageNow | { readonly kind: 'off'; readonly reason: string }> {
  const alarm = await readTrigger(services, plan, alarmName);
  if (alarm?.state === 'ALARM') return outageNow(services, plan, alarm);
  return { kind: 'off', reason: `alarm ${alarmName} is ${alarm?.state ?? 'gone'} by now` };
}

interface Undecided {
  readonly alarmName: string;
  readonly outage: Outage;
  readonly standing: Standing;
}

/** Decides about an outage once. Where it breaks off before, the next copy or look decides again. */
async function decide(services: Services, plan: Plan, undecided: Undecided): Promise<GuardDecision> {
  const { outage } = undecided;
  if (outage.status !== 'open')
    return { started: false, reason: `what comes of the outage since ${outage.since} is decided` };
  const decision = await failOver(services, plan, undecided);
  await concludeOutage(services, plan, outage);
  return decision;
}

async function failOver(services: Services, plan: Plan, of: Undecided): Promise<GuardDecision> {
  const { state, isBusy } = of.standing;
  if (isBusy) return refuse(services, plan.name, 'another operation has the plan');
  if (state.activeSite === 'recovery')
    return { started: false, reason: `plan ${plan.name} runs in ${plan.recovery.region}` };
  if (state.phase !== 'protected') return refuse(services, plan.name, `the plan is ${state.phase}`);
  const reason = await whyNotAutomatic(services, plan, state);
  if (reason !== undefined) return refuse(services, plan.name, reason);
  const execution = await start(services, plan, { name: of.alarmName, since: of.outage.since });
  // The execution tells people itself before it waits, and looks again after that.
  if (plan.failover.automatic?.cancelWindowSeconds !== undefined) return started(execution);
  await pause(refusedWithinSeconds * 1_000);
  const { status, error, cause } = await describeExecution(services.client(sfnClient), execution);
  if (status === 'FAILED') await refuse(services, plan.name, describeFailure(error, cause));
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

/** An alarm that leads to nothing is told to somebody (I11): nothing more comes of this outage. */
async function refuse(services: Services, plan: string, reason: string): Promise<GuardDecision> {
  const subject = `Homeward: no failover of plan ${plan}`;
  await tell(
    services,
    subject,
    `The alarm of plan ${plan} is on, and no failover was made: ${reason}\nLook at the plan, then start the failover by hand.`,
  );
  return { started: false, reason };
}

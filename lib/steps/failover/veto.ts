import * as z from 'zod';
import type { Plan } from '../../domain/plan.ts';
import { nextPoll, type PollResult, pollSchema } from '../../domain/poll.ts';
import { consoleOf, tell } from '../operation/tell.ts';
import type { Services } from '../services.ts';
import { whyNotAutomatic } from './automatic.ts';
import { readSignals, readTrigger } from './signals.ts';

/** The alarm for which a failover was started, and until when it may be called off. */
export const alarmSchema = z.strictObject({ name: z.string(), cancelUntil: z.iso.datetime() });

export const vetoSchema = z.object({
  plan: z.string(),
  alarm: alarmSchema,
  /** ARN of the execution that waits. */
  execution: z.string(),
  poll: pollSchema,
});
type VetoInput = z.infer<typeof vetoSchema>;

/** `isWanted`: whether the failover goes on, once done. */
export type VetoResult = PollResult & { readonly isWanted: boolean };

/**
 * Waits before a failover that an alarm started, so that a person can call it off by stopping its execution; nothing is held or changed meanwhile.
 * It calls itself off when the alarm has gone off, its signals do not suffice any more, automatic failover is switched off, or the plan is no longer at home and free.
 */
export async function veto(services: Services, input: VetoInput): Promise<VetoResult> {
  const plan = services.plan(input.plan);
  if (input.poll.polls === 0) await announce(services, plan, input);
  const now = services.now();
  const reason = await whyCalledOff(services, plan, input.alarm.name);
  if (reason !== undefined) {
    await tell(services, `Homeward: failover of plan ${plan.name} called off`, `No failover was made: ${reason}.`);
    return { ...nextPoll(input.poll, true, now), isWanted: false };
  }
  const leftSeconds = Math.ceil((Date.parse(input.alarm.cancelUntil) - now.getTime()) / 1_000);
  const next = nextPoll(input.poll, leftSeconds <= 0, now);
  return { ...next, waitSeconds: Math.max(1, Math.min(next.waitSeconds, leftSeconds)), isWanted: true };
}

async function announce(services: Services, plan: Plan, { alarm, execution }: VetoInput): Promise<void> {
  const { region } = plan.recovery;
  await tell(
    services,
    `Homeward: plan ${plan.name} fails over at ${alarm.cancelUntil}`,
    [
      `Alarm ${alarm.name} is on. Plan ${plan.name} fails over to ${region} at ${alarm.cancelUntil}, unless somebody stops the execution before:`,
      consoleOf(region, execution),
      `or: aws stepfunctions stop-execution --region ${region} --execution-arn ${execution}`,
      'It calls itself off when the alarm goes off before. Nothing is changed until then.',
    ].join('\n'),
  );
}

async function whyCalledOff(services: Services, plan: Plan, alarmName: string): Promise<string | undefined> {
  const alarm = await readTrigger(services, plan, alarmName);
  if (alarm?.state !== 'ALARM') return `alarm ${alarmName} is ${alarm?.state ?? 'gone'} by now`;
  const state = await services.catalogue.state(plan.name);
  const { phase, lease } = state;
  if (phase !== 'protected') return `the plan is ${phase}${lease === null ? '' : ` by ${lease.operation}`}`;
  return (await whyNotAutomatic(services, plan, state)) ?? (await readSignals(services, plan)).shortfall;
}

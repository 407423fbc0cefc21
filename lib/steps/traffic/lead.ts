import * as z from 'zod';
import { cloudwatchClient } from '../../aws/clients.ts';
import { putMeasurements } from '../../aws/metrics.ts';
import { readAlarm } from '../../aws/signals.ts';
import type { Site } from '../../domain/catalogue.ts';
import { secondsBetween } from '../../domain/duration.ts';
import { Failure } from '../../domain/failure.ts';
import { hasFailoverPair, ledSeconds, ledTimes } from '../../domain/traffic.ts';
import { environment, metrics } from '../../names.ts';
import type { Context, Services } from '../services.ts';

/** Period of the alarm. */
const periodMs = 60_000;

const signalsSchema = z.record(z.string(), z.object({ alarm: z.string(), healthCheck: z.string() }));

/** The health check that the primary records of a plan's failover pairs have to have. */
export function healthCheckOf(services: Services, plan: string): string {
  return signalOf(services, plan).healthCheck;
}

/**
 * Has the plan's health check lead to a site, by data points in the recovery Region. Repeated at every look, since one may be lost. Returns whether users are led there: the
 * alarm has seen it, and so long ago that Route 53 has.
 */
export async function lead(services: Services, context: Context, to: Site): Promise<boolean> {
  if (!hasFailoverPair(services.plan(context.plan))) return true;
  const now = services.now();
  const operation = await services.catalogue.operationOf(context);
  const { site, since } = await ledNow(services, context.plan);
  const signalled = operation.signalled ?? { to, at: now.toISOString(), wasThere: site === to };
  if (operation.signalled === undefined) {
    await services.catalogue.updateOperation(context, { signalled });
    await services.catalogue.addEvent(context.operation, now, `has the health check lead to the ${to} site`);
  }
  await putLead(services, context.plan, to, [now]);
  const from = since > signalled.at ? since : signalled.at;
  return site === to && secondsBetween(from, now.toISOString()) >= ledSeconds;
}

/**
 * Has it lead back to where it led before the operation, by data points that are repeated at every look. Returns whether it does. The point of the next minute wins over what a function
 * that was stopped may still have put in this one.
 */
export async function leadBack(services: Services, context: Context, to: Site): Promise<boolean> {
  if (!hasFailoverPair(services.plan(context.plan))) return true;
  const { signalled, isTakenBack } = await services.catalogue.operationOf(context);
  if (isTakenBack !== true || signalled?.to === to) return true;
  const { site = 'primary' } = await ledNow(services, context.plan);
  if (signalled === undefined && site === to) return true;
  const now = services.now();
  await putLead(services, context.plan, to, [now, new Date(now.getTime() + periodMs)]);
  return site === to;
}

/**
 * Notes that an undo has begun of an operation that did not lead users yet. A data point of it may turn the alarm afterwards, also one of a function that had not noted yet that it
 * puts it, and so may a late call turn its routing controls; neither must make final what is being taken down.
 */
export async function takeBack(services: Services, context: Context): Promise<void> {
  if (ledTimes(services.plan(context.plan)) === 0) return;
  const { isTakenBack } = await services.catalogue.operationOf(context);
  if (isTakenBack !== true) await services.catalogue.updateOperation(context, { isTakenBack: true });
}

/** Whether an operation has had the health check lead to where it does not lead by itself. */
export async function isLed(services: Services, context: Context): Promise<boolean> {
  const { signalled, isTakenBack } = await services.catalogue.operationOf(context);
  if (signalled === undefined || signalled.wasThere || isTakenBack === true) return false;
  return (await ledNow(services, context.plan)).site === signalled.to;
}

/** An alarm that has never had data is of a plan that was never led away; it has to be told all the same. */
async function ledNow(services: Services, plan: string): Promise<{ site: Site | undefined; since: string }> {
  const { alarm: name } = signalOf(services, plan);
  const alarm = await readAlarm(services.client(cloudwatchClient), name, 'MetricAlarm');
  if (alarm === undefined)
    throw new Failure('AwsRejected', `Alarm ${name} of plan ${plan} does not exist. Deploy the stack again.`);
  const { state, since } = alarm;
  return { site: state === 'ALARM' ? 'recovery' : state === 'OK' ? 'primary' : undefined, since };
}

async function putLead(services: Services, plan: string, to: Site, times: readonly Date[]): Promise<void> {
  const measurement = { metric: metrics.ledAway, value: to === 'recovery' ? 1 : 0 };
  for (const at of times) await putMeasurements(services.client(cloudwatchClient), plan, [measurement], at);
}

function signalOf(services: Services, plan: string) {
  const signal = signalsSchema.parse(JSON.parse(services.setting(environment.trafficSignals)))[plan];
  if (signal === undefined)
    throw new Failure('BrokenInvariant', `Plan ${plan} has no health check. Deploy the stack again.`);
  return signal;
}

import { cloudwatchClient } from '../../aws/clients.ts';
import { type MetricFacts, readMetric } from '../../aws/metrics.ts';
import { type AlarmFacts, readAlarm } from '../../aws/signals.ts';
import { isProbed, judgeSignal, signalEverySeconds, type SignalVerdict } from '../../domain/automatic.ts';
import type { Plan } from '../../domain/plan.ts';
import { dimensions, metricNamespace, metrics } from '../../names.ts';
import type { Services } from '../services.ts';

/** The newest answers of the prober: one that is late, or that CloudWatch has not taken in yet, is not taken for none. */
const newestSeconds = 3 * signalEverySeconds;
const daySeconds = 86_400;

/** A heartbeat alone has an alarm of its own; of probes, and with them, the alarm is one over the alarms of all. */
export function readTrigger(services: Services, plan: Plan, alarm: string): Promise<AlarmFacts | undefined> {
  const kind = isProbed(plan) ? 'CompositeAlarm' : 'MetricAlarm';
  return readAlarm(services.client(cloudwatchClient), alarm, kind);
}

/**
 * Why the signals of a plan that has probes do not suffice for a failover now, by what was measured in the last minutes; `undefined` where they do. Alarms
 * look back on what was, and may have begun with a probe that never worked.
 */
export async function whyNotSignalled(services: Services, plan: Plan): Promise<string | undefined> {
  const { probes, heartbeat, missingForSeconds = 0, atLeast = 1 } = plan.failover.automatic ?? {};
  if (probes === undefined) return undefined;
  const look = async (kind: 'heartbeat' | 'probe', name: string, metric: MetricFacts, recentSeconds: number) => {
    const verdict = judgeSignal(kind, {
      now: (await read(services, metric, recentSeconds, signalEverySeconds)).at(-1),
      best: Math.max(0, ...(await read(services, metric, daySeconds, 3_600))),
    });
    return { name, verdict };
  };
  const looks = Object.keys(probes).map((name) => look('probe', name, metricOf(plan.name, name), newestSeconds));
  if (heartbeat !== undefined)
    looks.push(look('heartbeat', 'the heartbeat', { ...heartbeat, statistic: 'SampleCount' }, missingForSeconds));
  const found = await Promise.all(looks);
  const out = found.filter(({ verdict }) => verdict === 'out');
  if (out.length >= atLeast) return undefined;
  const words = found.map(({ name, verdict }) => `${name} ${said[verdict]}`);
  return `${out.length} of the ${atLeast} signals that it takes say now that ${plan.primary.region} is out: ${words.join(', ')}`;
}

const said: Readonly<Record<SignalVerdict, string>> = {
  well: 'is well',
  out: 'says so',
  unproven: 'says so, and has not been well for a day',
  unknown: 'was not asked in the last minutes',
};

function metricOf(plan: string, probe: string): MetricFacts {
  return {
    namespace: metricNamespace,
    metric: metrics.probeAnswered,
    dimensions: { [dimensions.plan]: plan, [dimensions.probe]: probe },
    statistic: 'Maximum',
  };
}

function read(services: Services, metric: MetricFacts, seconds: number, everySeconds: number): Promise<number[]> {
  const to = services.now();
  const from = new Date(to.getTime() - seconds * 1_000);
  return readMetric(services.client(cloudwatchClient), metric, { from, to, everySeconds });
}

import { cloudwatchClient } from '../../aws/clients.ts';
import { type MetricFacts, readMetric, type Sample } from '../../aws/metrics.ts';
import { type AlarmFacts, readAlarm } from '../../aws/signals.ts';
import { isProbed, judgeSignal, signalEverySeconds, type SignalVerdict } from '../../domain/automatic.ts';
import type { Plan } from '../../domain/plan.ts';
import { dimensions, metricNamespace, metrics } from '../../names.ts';
import type { Services } from '../services.ts';

/** Of the newest answers of the prober so many may be late, or not yet taken in by CloudWatch. */
const lateAnswersMax = 3;
const daySeconds = 86_400;
/** One call tells 1,440 data points, and begins with a whole minute. @source CloudWatch API reference, GetMetricStatistics */
const answersMax = 1_440 - lateAnswersMax - 1;

/** A heartbeat alone has an alarm of its own; of probes, and with them, the alarm is one over the alarms of all. */
export function readTrigger(services: Services, plan: Plan, alarm: string): Promise<AlarmFacts | undefined> {
  const kind = isProbed(plan) ? 'CompositeAlarm' : 'MetricAlarm';
  return readAlarm(services.client(cloudwatchClient), alarm, kind);
}

/** What the signals of a plan say together. */
export interface SignalsNow {
  /** Why they do not suffice for a failover; `undefined` where they do, and of a plan without probes, whose alarm says it all. */
  readonly shortfall: string | undefined;
  /** Whether they would not suffice either if those that nobody could ask said that the primary is out. */
  readonly isOver: boolean;
}

/**
 * What the signals of a plan that has probes say now, by what was measured in the stretch that their alarms look back on: an alarm may be on because of
 * others than those that count, such as a probe that never worked.
 */
export async function readSignals(services: Services, plan: Plan): Promise<SignalsNow> {
  const { probes, heartbeat, missingForSeconds = 0, atLeast = 1 } = plan.failover.automatic ?? {};
  if (probes === undefined) return { shortfall: undefined, isOver: false };
  const answers = Math.min(missingForSeconds / signalEverySeconds, answersMax);
  const best = async (metric: MetricFacts) =>
    Math.max(0, ...(await read(services, metric, daySeconds + missingForSeconds, 3_600)).map(({ value }) => value));
  const looks = Object.keys(probes).map(async (name) => {
    const metric = metricOf(plan.name, name);
    const now = await answerOf(services, metric, answers);
    return { name, verdict: judgeSignal('probe', { now, best: await best(metric) }) };
  });
  const lookAtHeartbeat = async (of: NonNullable<typeof heartbeat>) => {
    const metric = { ...of, statistic: 'SampleCount' } as const;
    const arrived = await read(services, metric, answers * signalEverySeconds, signalEverySeconds);
    const verdict = judgeSignal('heartbeat', { now: arrived.at(-1)?.value, best: await best(metric) });
    return { name: 'the heartbeat', verdict };
  };
  // All at once: a look that broke while another one is awaited alone would end the function.
  const found = await Promise.all([...looks, ...(heartbeat === undefined ? [] : [lookAtHeartbeat(heartbeat)])]);
  const those = (verdict: SignalVerdict) => found.filter((signal) => signal.verdict === verdict).length;
  const out = those('out');
  const isOver = out + those('unknown') < atLeast;
  if (out >= atLeast) return { shortfall: undefined, isOver };
  const words = found.map(({ name, verdict }) => `${name} ${said[verdict]}`);
  const shortfall = `${out} of the ${atLeast} signals that it takes say now that ${plan.primary.region} is out: ${words.join(', ')}`;
  return { shortfall, isOver };
}

/**
 * The best of so many newest answers of a probe, so that no single one that failed counts; `undefined` where there are fewer of late: that many
 * fit into the stretch only where one of them is new.
 */
async function answerOf(services: Services, metric: MetricFacts, answers: number): Promise<number | undefined> {
  const all = await read(services, metric, (answers + lateAnswersMax) * signalEverySeconds, signalEverySeconds);
  if (all.length < answers) return undefined;
  return Math.max(...all.slice(-answers).map(({ value }) => value));
}

const said: Readonly<Record<SignalVerdict, string>> = {
  well: 'is well',
  out: 'says so',
  unproven: 'says so, and has not been well for a day',
  unknown: 'was not asked often enough to tell',
};

function metricOf(plan: string, probe: string): MetricFacts {
  return {
    namespace: metricNamespace,
    metric: metrics.probeAnswered,
    dimensions: { [dimensions.plan]: plan, [dimensions.probe]: probe },
    statistic: 'Maximum',
  };
}

function read(services: Services, metric: MetricFacts, seconds: number, everySeconds: number): Promise<Sample[]> {
  const to = services.now();
  const from = new Date(to.getTime() - seconds * 1_000);
  return readMetric(services.client(cloudwatchClient), metric, { from, to, everySeconds });
}

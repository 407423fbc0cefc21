import type { RecordedCall } from '../../sim/call-record.ts';
import type { Checker } from './checker.ts';
import { changedItem } from './table.ts';

const isReading = /^(Describe|Get|List|Query|Scan|Lookup)/;
const isTelling = /^(PutMetricData|Publish|Invoke)$/;

/**
 * I6: once an operation has taken the plan under a later epoch, or proven that it owns it, no invocation that begins after that on
 * behalf of an earlier one changes anything in AWS, nor the state of the plan. Drills go on beside, with a count of their own.
 */
export const oneHolder: Checker = {
  name: 'one-holder',
  attach: (stage) => () => {
    const { invocations } = stage.cloud.services(stage.plan.recovery.region).lambda;
    const works = new Map(
      invocations.flatMap(({ id, at, payload }) => {
        const { plan, epoch, operation } = (payload ?? {}) as { plan?: string; epoch?: number; operation?: string };
        const isDrill = operation?.startsWith('drill-') === true;
        return plan === stage.plan.name && epoch !== undefined && !isDrill
          ? [[id, { at, epoch, operation }] as const]
          : [];
      }),
    );
    const broken: string[] = [];
    /** Moments at which a later epoch than any before was proven, ascending. */
    const proven: { at: number; epoch: number }[] = [];
    for (const call of stage.cloud.record.calls) {
      if (call.outcome === 'refused') continue;
      const taken = takenEpoch(call);
      if (taken > (proven.at(-1)?.epoch ?? 0)) proven.push({ at: call.at, epoch: taken });
      const work = works.get(call.invocation ?? '');
      if (work === undefined) continue;
      const holder = proven.findLast(({ at }) => at < work.at);
      if (holder !== undefined && holder.epoch > work.epoch && changes(call))
        broken.push(
          `I6 ${call.operation} by ${work.operation ?? ''} of epoch ${work.epoch}, after epoch ${holder.epoch} had begun`,
        );
      if (isStateWrite(call) && work.epoch > (proven.at(-1)?.epoch ?? 0))
        proven.push({ at: call.at, epoch: work.epoch });
    }
    return broken;
  },
};

function isStateWrite(call: RecordedCall): boolean {
  return changedItem(call) === 'STATE';
}

/** The epoch that a write to the plan's state sets, 0 where it sets none. */
function takenEpoch(call: RecordedCall): number {
  if (!isStateWrite(call)) return 0;
  const { input } = call;
  const names = Object.entries((input['ExpressionAttributeNames'] ?? {}) as Record<string, string>);
  const alias = names.find(([, name]) => name === 'epoch')?.[0] ?? '';
  const [, value = ''] = new RegExp(`${alias} = (:\\w+)`).exec(String(input['UpdateExpression'])) ?? [];
  const values = (input['ExpressionAttributeValues'] ?? {}) as Record<string, { N?: string }>;
  return alias === '' ? 0 : Number(values[value]?.N ?? 0);
}

function changes(call: RecordedCall): boolean {
  if (call.service === 'dynamodb') return isStateWrite(call);
  return !isReading.test(call.operation) && !isTelling.test(call.operation);
}

import type { RecordedCall } from '../../sim/call-record.ts';
import { isChange } from './ground.ts';
import { keyOf, nameOf } from '../raw-table.ts';

/** What makes something and needs no id of what is there. */
const making = /^(Create|Copy|Register|Run|StartSnapshot|PutSnapshotBlock|CompleteSnapshot|PutMetricData|PutObject)/;

/** What a step tried to change in AWS, and to delete in the table: what it makes by the operation, all else with its target. */
export function attemptsOf(calls: readonly RecordedCall[]): Set<string> {
  const changes = calls.filter(isChange).flatMap(({ region, operation, input }) => {
    if (making.test(operation)) return [`${region} ${operation}`];
    if (operation === 'ChangeResourceRecordSets') return recordChanges(input).map((change) => `${operation} ${change}`);
    return [`${region} ${operation} ${JSON.stringify(input)}`];
  });
  const removals = calls
    .filter(({ operation }) => operation === 'DeleteItem')
    .map((call) => `DeleteItem ${nameOf(keyOf(call))}`);
  return new Set([...changes, ...removals]);
}

interface RecordChange {
  readonly Action: string;
  readonly ResourceRecordSet: { readonly Name: string; readonly Type: string };
}

/** The records of a batch, one by one; which of the addresses that the table holds they get cannot be told from outside. */
function recordChanges(input: RecordedCall['input']): string[] {
  const { Changes } = input['ChangeBatch'] as { Changes: readonly RecordChange[] };
  return Changes.map(({ Action, ResourceRecordSet: { Name, Type } }) => `${Action} ${Name} ${Type}`);
}

/** Whether a step that made these calls read the item. */
export function hasRead(calls: readonly RecordedCall[], item: { pk: string; sk: string }): boolean {
  return calls.some((call) => {
    if (call.operation === 'GetItem') return nameOf(keyOf(call)) === nameOf(item);
    if (call.operation !== 'Query') return false;
    const values = call.input['ExpressionAttributeValues'] as Record<string, { S: string }>;
    const { ':pk': pk, ':prefix': prefix, ':first': first, ':last': last } = values;
    const isMeant =
      prefix === undefined ? (first?.S ?? '~') <= item.sk && item.sk <= (last?.S ?? '') : item.sk.startsWith(prefix.S);
    return pk?.S === item.pk && isMeant;
  });
}

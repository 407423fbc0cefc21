import type { Change, ChangeAction } from '@aws-sdk/client-route-53';
import { AwsError } from '../service.ts';
import { groupFaults } from './record-group.ts';
import { faultsOf, invalidInput, isSame, keyOf, recordOf, type ZoneRecord } from './record-set.ts';

/** One change of a batch. */
export interface RecordEdit {
  readonly action: ChangeAction;
  readonly record: ZoneRecord;
}

export type Records = ReadonlyMap<string, ZoneRecord>;

/** @source aws-facts [4.2] */
const RESOURCE_RECORDS_MAX = 1_000;
const VALUE_CHARACTERS_MAX = 32_000;
const ACTIONS: readonly string[] = ['CREATE', 'DELETE', 'UPSERT'];

/** @throws AwsError InvalidInput */
export function editsOf(changes: readonly Change[] = []): readonly RecordEdit[] {
  if (changes.length === 0) throw invalidInput('Invalid request: a change batch must hold at least one change');
  return changes.map(({ Action, ResourceRecordSet }) => {
    if (Action === undefined || !ACTIONS.includes(Action)) throw invalidInput(`Invalid request: Action ${Action}`);
    return { action: Action, record: recordOf(Action, ResourceRecordSet) };
  });
}

/**
 * The records of a zone after a batch: all of its changes or none.
 * @source aws-facts [4.2]
 * @throws AwsError InvalidChangeBatch with every reason
 */
export function withEdits(zone: string, before: Records, edits: readonly RecordEdit[]): Records {
  const records = new Map(before);
  const refusals = [...limitRefusals(edits), ...setRefusals(edits)];
  if (refusals.length === 0) for (const edit of edits) refusals.push(...applied(zone, records, edit));
  if (refusals.length === 0) refusals.push(...groupFaults([...records.values()], edits));
  if (refusals.length === 0) return records;
  throw new AwsError('InvalidChangeBatch', `[${refusals.join(', ')}]`, 400, { messages: refusals });
}

function applied(zone: string, records: Map<string, ZoneRecord>, { action, record }: RecordEdit): readonly string[] {
  const known = records.get(keyOf(record));
  const inSet = record.set === undefined ? '' : `, set identifier='${record.set}'`;
  const named = `resource record set [name='${record.name}', type='${record.type}'${inSet}]`;
  if (action === 'DELETE') {
    if (known === undefined) return [`Tried to delete ${named} but it was not found`];
    if (!isSame(known, record)) {
      return [`Tried to delete ${named} but the values provided do not match the current values`];
    }
    records.delete(keyOf(record));
    return [];
  }
  if (action === 'CREATE' && known !== undefined) return [`Tried to create ${named} but it already exists`];
  const faults = faultsOf(record, zone);
  if (faults.length > 0) return faults;
  const conflict = [...records.values()].find(
    ({ name, type }) => name === record.name && type !== record.type && (type === 'CNAME' || record.type === 'CNAME'),
  );
  if (conflict !== undefined) {
    return [
      `RRSet of type ${record.type} with DNS name ${record.name} is not permitted because a conflicting RRSet of type ${conflict.type} with the same DNS name already exists in zone ${zone}`,
    ];
  }
  records.set(keyOf(record), record);
  return [];
}

/** An UPSERT counts twice. */
function limitRefusals(edits: readonly RecordEdit[]): string[] {
  const weighed = (measure: (record: ZoneRecord) => number) =>
    edits.reduce((total, { action, record }) => total + measure(record) * (action === 'UPSERT' ? 2 : 1), 0);
  const recordCount = weighed(({ values }) => values.length);
  const characterCount = weighed(({ values }) => values.join('').length);
  return [
    ...(recordCount > RESOURCE_RECORDS_MAX ? [`Number of records limit of ${RESOURCE_RECORDS_MAX} exceeded.`] : []),
    ...(characterCount > VALUE_CHARACTERS_MAX
      ? [`Number of characters limit of ${VALUE_CHARACTERS_MAX} exceeded.`]
      : []),
  ];
}

/** One record may be changed once in a batch, or deleted and then created. */
function setRefusals(edits: readonly RecordEdit[]): string[] {
  const actions = new Map<string, { record: ZoneRecord; taken: string }>();
  for (const { action, record } of edits) {
    const taken = actions.get(keyOf(record))?.taken;
    actions.set(keyOf(record), { record, taken: taken === undefined ? action : `${taken} ${action}` });
  }
  return [...actions.values()]
    .filter(({ taken }) => taken.includes(' ') && taken !== 'DELETE CREATE')
    .map(
      ({ record }) =>
        `The request contains an invalid set of changes for a resource record set '${record.type} ${record.name}'`,
    );
}

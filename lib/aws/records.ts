import {
  type AliasTarget,
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  type Route53Client,
} from '@aws-sdk/client-route-53';
import { Failure } from '../domain/failure.ts';
import { type RecordName, type RecordValue, titleOf, type TrafficChange, withDot } from '../domain/record-set.ts';
import { changeWords } from '../domain/traffic-words.ts';
import { AwsFailure, awsCall } from './call.ts';

/** What a record is now in every respect, or `undefined` when there is none. Where a set is named, it is that one of the set. */
export async function readRecord(route53: Route53Client, record: RecordName): Promise<RecordValue | undefined> {
  const answer = await awsCall(`read record ${titleOf(record)}`, () =>
    route53.send(
      new ListResourceRecordSetsCommand({
        HostedZoneId: record.zone,
        StartRecordName: record.name,
        StartRecordType: record.type,
        ...(record.set === undefined ? {} : { StartRecordIdentifier: record.set }),
        MaxItems: 1,
      }),
    ),
  );
  const set = answer.ResourceRecordSets?.[0];
  const isIt =
    set?.Type === record.type && withDot(set.Name ?? '') === withDot(record.name) && set.SetIdentifier === record.set;
  return isIt ? valueOf(set) : undefined;
}

function valueOf(set: ResourceRecordSet): RecordValue {
  const { Name: _name, Type: _type, SetIdentifier: _set, TTL, ResourceRecords = [], AliasTarget, ...rest } = set;
  const routing = Object.fromEntries(Object.entries(rest).filter(([, member]) => member !== undefined));
  return {
    ...(TTL === undefined ? {} : { ttlSeconds: TTL }),
    values: ResourceRecords.map(({ Value }) => Value ?? ''),
    ...(AliasTarget === undefined ? {} : { alias: aliasOf(AliasTarget) }),
    ...(Object.keys(routing).length === 0 ? {} : { routing: routing as NonNullable<RecordValue['routing']> }),
  };
}

function aliasOf({ HostedZoneId = '', DNSName = '', EvaluateTargetHealth = false }: AliasTarget) {
  return { zone: HostedZoneId, name: DNSName, isHealthEvaluated: EvaluateTargetHealth };
}

/**
 * Switches all records of one zone in one atomic batch that expects the values read before: DELETE and CREATE, never UPSERT,
 * so that somebody else's change is not overwritten. Returns the change's id. @source aws-facts [4.2]
 * @throws Failure TrafficChanged
 */
export async function switchRecords(
  route53: Route53Client,
  zone: string,
  changes: readonly TrafficChange[],
): Promise<string> {
  const titles = changes.map(titleOf).join(', ');
  try {
    const answer = await awsCall(`switch ${titles}`, () =>
      route53.send(
        new ChangeResourceRecordSetsCommand({
          HostedZoneId: zone,
          ChangeBatch: {
            Comment: 'Homeward',
            Changes: changes.flatMap((change) => [
              { Action: 'DELETE' as const, ResourceRecordSet: recordSet(change, change.before) },
              { Action: 'CREATE' as const, ResourceRecordSet: recordSet(change, change.after) },
            ]),
          },
        }),
      ),
    );
    return answer.ChangeInfo?.Id ?? '';
  } catch (error) {
    if (!(error instanceof AwsFailure && error.awsName === 'InvalidChangeBatch')) throw error;
    throw new Failure(
      'TrafficChanged',
      `Cannot switch ${changes.map(changeWords).join('; ')} in zone ${zone}: somebody changed a record meanwhile. Look at the zone.`,
      { cause: error },
    );
  }
}

/** Whether all Route 53 servers answer with the change. */
export async function isInSync(route53: Route53Client, changeId: string): Promise<boolean> {
  const answer = await awsCall(`read change ${changeId}`, () => route53.send(new GetChangeCommand({ Id: changeId })));
  return answer.ChangeInfo?.Status === 'INSYNC';
}

function recordSet(
  { name, type, set }: RecordName,
  { ttlSeconds, values, alias, routing }: RecordValue,
): ResourceRecordSet {
  return {
    ...routing,
    Name: name,
    Type: type,
    ...(set === undefined ? {} : { SetIdentifier: set }),
    ...(alias === undefined
      ? { TTL: ttlSeconds, ResourceRecords: values.map((Value) => ({ Value })) }
      : {
          AliasTarget: { HostedZoneId: alias.zone, DNSName: alias.name, EvaluateTargetHealth: alias.isHealthEvaluated },
        }),
  };
}

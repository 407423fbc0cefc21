import { type CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { awsCall } from './call.ts';

export interface AlarmFacts {
  readonly state: string;
  /** When the alarm last changed its state: the same for every copy of one event. */
  readonly since: string;
}

/** A composite alarm is told only to who asks for one, and may read all alarms. @source CloudWatch API reference, DescribeAlarms */
export async function readAlarm(
  cloudwatch: CloudWatchClient,
  name: string,
  kind: 'MetricAlarm' | 'CompositeAlarm',
): Promise<AlarmFacts | undefined> {
  const answer = await awsCall(`read alarm ${name}`, () =>
    cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: [name], AlarmTypes: [kind] })),
  );
  const [alarm] = (kind === 'MetricAlarm' ? answer.MetricAlarms : answer.CompositeAlarms) ?? [];
  if (alarm === undefined) return undefined;
  const since = alarm.StateTransitionedTimestamp ?? alarm.StateUpdatedTimestamp ?? new Date(0);
  return { state: alarm.StateValue ?? 'INSUFFICIENT_DATA', since: since.toISOString() };
}

/** Tells whoever subscribed (I11). */
export async function notify(sns: SNSClient, topic: string, subject: string, message: string): Promise<void> {
  await awsCall('notify', () =>
    sns.send(new PublishCommand({ TopicArn: topic, Subject: subject.slice(0, 100), Message: message })),
  );
}

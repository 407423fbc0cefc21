import type { DescribeAlarmsInput, PutMetricDataInput } from '@aws-sdk/client-cloudwatch';
import type { GetInstanceProfileRequest } from '@aws-sdk/client-iam';
import type { DescribeKeyRequest } from '@aws-sdk/client-kms';
import type { InvocationRequest } from '@aws-sdk/client-lambda';
import type {
  ChangeResourceRecordSetsRequest,
  GetChangeRequest,
  ListResourceRecordSetsRequest,
} from '@aws-sdk/client-route-53';
import type {
  GetRoutingControlStateRequest,
  UpdateRoutingControlStatesRequest,
} from '@aws-sdk/client-route53-recovery-cluster';
import type { PutObjectRequest } from '@aws-sdk/client-s3';
import type { GetServiceQuotaRequest } from '@aws-sdk/client-service-quotas';
import type { DescribeExecutionInput, StartExecutionInput } from '@aws-sdk/client-sfn';
import type { PublishInput } from '@aws-sdk/client-sns';
import type { SendCommandRequest } from '@aws-sdk/client-ssm';
import type { Held } from './held.ts';
import type { Context, IamRequest } from './request.ts';

type Mapping = (input: never, held: Held) => IamRequest[];

function one(action: string, resource = '', context: Context = {}): IamRequest[] {
  return [{ action, resource, context }];
}

/** ARN of a Regional resource that may be given by name or by ARN. */
function arn(held: Held, service: string, resource: string, name = ''): string {
  return name.startsWith('arn:') ? name : `arn:aws:${service}:${held.region}:${held.state.account}:${resource}${name}`;
}

const onTable =
  (action: string): Mapping =>
  ({ TableName }: { TableName?: string }, held) =>
    one(`dynamodb:${action}`, arn(held, 'dynamodb', 'table/', TableName));

const zoneArn = (id = '') => `arn:aws:route53:::hostedzone/${id.replace('/hostedzone/', '')}`;

/** A name as IAM compares it: lower case, no dot at the end, other characters as octal numbers. @source Route 53 guide, specifying conditions */
function normalized(name = ''): string {
  const plain = name.toLowerCase().replace(/\.$/, '');
  return plain.replaceAll(/[^a-z0-9_.-]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

const changeRecords: Mapping = ({ HostedZoneId, ChangeBatch }: ChangeResourceRecordSetsRequest) => {
  const { Changes = [] } = ChangeBatch ?? {};
  const prefix = 'route53:ChangeResourceRecordSets';
  return one('route53:ChangeResourceRecordSets', zoneArn(HostedZoneId), {
    [`${prefix}Actions`]: [...new Set(Changes.map(({ Action }) => Action ?? ''))],
    [`${prefix}NormalizedRecordNames`]: [...new Set(Changes.map((each) => normalized(each.ResourceRecordSet?.Name)))],
    [`${prefix}RecordTypes`]: [...new Set(Changes.map(({ ResourceRecordSet }) => ResourceRecordSet?.Type ?? ''))],
  });
};

/** By endpoint and operation; names in policies differ from both here and there. */
export const serviceMappings: Readonly<Record<string, Readonly<Record<string, Mapping>>>> = {
  dynamodb: {
    DeleteItem: onTable('DeleteItem'),
    GetItem: onTable('GetItem'),
    Query: onTable('Query'),
    UpdateItem: onTable('UpdateItem'),
  },
  iam: {
    GetInstanceProfile: ({ InstanceProfileName }: GetInstanceProfileRequest, held) =>
      one('iam:GetInstanceProfile', held.profileArn(InstanceProfileName)),
  },
  kms: {
    // Asked by the alias, KMS asks of the key.
    DescribeKey: ({ KeyId }: DescribeKeyRequest, held) =>
      one('kms:DescribeKey', held.state.keys.resolve(KeyId), { 'kms:CallerAccount': held.state.account }),
  },
  lambda: {
    Invoke: ({ FunctionName }: InvocationRequest, held) =>
      one('lambda:InvokeFunction', arn(held, 'lambda', 'function:', FunctionName)),
  },
  monitoring: {
    // Of composite alarms only a role that may read all is told. @source CloudWatch API reference, DescribeAlarms
    DescribeAlarms: ({ AlarmNames = ['*'], AlarmTypes = [] }: DescribeAlarmsInput, held) =>
      AlarmTypes.includes('CompositeAlarm')
        ? one('cloudwatch:DescribeAlarms', arn(held, 'cloudwatch', 'alarm:', '*'))
        : AlarmNames.flatMap((name) => one('cloudwatch:DescribeAlarms', arn(held, 'cloudwatch', 'alarm:', name))),
    GetMetricStatistics: () => one('cloudwatch:GetMetricStatistics', '*'),
    PutMetricData: ({ Namespace = '' }: PutMetricDataInput) =>
      one('cloudwatch:PutMetricData', '*', { 'cloudwatch:namespace': Namespace }),
  },
  route53: {
    ChangeResourceRecordSets: changeRecords,
    GetChange: ({ Id = '' }: GetChangeRequest) =>
      one('route53:GetChange', `arn:aws:route53:::change/${Id.replace('/change/', '')}`),
    ListResourceRecordSets: ({ HostedZoneId }: ListResourceRecordSetsRequest) =>
      one('route53:ListResourceRecordSets', zoneArn(HostedZoneId)),
  },
  'route53-recovery-cluster': {
    GetRoutingControlState: ({ RoutingControlArn }: GetRoutingControlStateRequest) =>
      one('route53-recovery-cluster:GetRoutingControlState', RoutingControlArn),
    UpdateRoutingControlStates: (input: UpdateRoutingControlStatesRequest) =>
      (input.UpdateRoutingControlStateEntries ?? []).flatMap(({ RoutingControlArn }) =>
        one('route53-recovery-cluster:UpdateRoutingControlStates', RoutingControlArn, {
          'route53-recovery-cluster:AllowSafetyRulesOverrides': String(input.SafetyRulesToOverride !== undefined),
        }),
      ),
  },
  servicequotas: {
    GetAWSDefaultServiceQuota: () => one('servicequotas:GetAWSDefaultServiceQuota', '*'),
    GetServiceQuota: ({ ServiceCode, QuotaCode }: GetServiceQuotaRequest, held) =>
      one('servicequotas:GetServiceQuota', arn(held, 'servicequotas', `${ServiceCode}/`, QuotaCode)),
  },
  ssm: {
    GetCommandInvocation: () => one('ssm:GetCommandInvocation', '*'),
    SendCommand: ({ DocumentName = '', InstanceIds = [] }: SendCommandRequest, held) => [
      ...InstanceIds.map((id) => held.use('ssm:SendCommand', 'instance', id)),
      // AWS leaves out the account, which its own service authorization reference does not know of.
      ...one('ssm:SendCommand', arn(held, 'ssm', 'document/', DocumentName)),
    ],
  },
  s3: {
    PutObject: ({ Bucket = '', Key = '' }: PutObjectRequest) => one('s3:PutObject', `arn:aws:s3:::${Bucket}/${Key}`),
  },
  sns: { Publish: ({ TopicArn }: PublishInput) => one('sns:Publish', TopicArn) },
  states: {
    DescribeExecution: ({ executionArn }: DescribeExecutionInput) => one('states:DescribeExecution', executionArn),
    StartExecution: ({ stateMachineArn }: StartExecutionInput) => one('states:StartExecution', stateMachineArn),
  },
};

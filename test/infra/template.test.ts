import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { failureCodes } from '../../lib/domain/failure.ts';
import { stackName } from '../../lib/names.ts';
import { shop } from '../../proof/shop.ts';

interface State {
  readonly Type: string;
  readonly Retry?: readonly { readonly ErrorEquals: readonly string[] }[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
  readonly Next?: string;
  readonly States?: Record<string, State>;
  readonly ItemProcessor?: { readonly States: Record<string, State> };
  readonly Branches?: readonly { readonly States: Record<string, State> }[];
}

let template: Template;
const machines = new Map<string, Record<string, State>>();

beforeAll(() => {
  const file = join(inject('shopAssembly'), `${stackName(shop.recovery.region)}.template.json`);
  template = Template.fromString(readFileSync(file, 'utf8'));
  for (const [id, resource] of Object.entries(template.findResources('AWS::StepFunctions::StateMachine'))) {
    const { DefinitionString } = resource['Properties'] as { DefinitionString: { 'Fn::Join': [string, unknown[]] } };
    const text = DefinitionString['Fn::Join'][1]
      .map((part) => (typeof part === 'string' ? part : 'reference'))
      .join('');
    machines.set(id, (JSON.parse(text) as { States: Record<string, State> }).States);
  }
});

function tasksOf(states: Record<string, State>): [string, State][] {
  return Object.entries(states).flatMap(([name, state]) => [
    ...(state.Type === 'Task' ? [[name, state] as [string, State]] : []),
    ...(state.ItemProcessor === undefined ? [] : tasksOf(state.ItemProcessor.States)),
    ...(state.Branches ?? []).flatMap((branch) => tasksOf(branch.States)),
  ]);
}

/** Roles that may do something. */
function holders(action: string): string[] {
  return Object.values(template.findResources('AWS::IAM::Policy'))
    .filter((policy) => JSON.stringify(policy).includes(`"${action}"`))
    .map((policy) => (policy['Properties'] as { PolicyName: string }).PolicyName.replace(/RoleDefaultPolicy.*/, ''))
    .toSorted();
}

describe('the synthesized template', () => {
  it('has the three operations', () => {
    expect(machines.size).toBe(3);
  });

  it('repeats every task on exactly the transient failures, and on those of Lambda itself', () => {
    const transient = Object.entries(failureCodes).filter(([, retryClass]) => retryClass === 'transient');
    for (const states of machines.values()) {
      for (const [name, state] of tasksOf(states)) {
        const repeated = (state.Retry ?? []).flatMap(({ ErrorEquals }) => ErrorEquals);
        const own = repeated.filter((code) => code in failureCodes);
        expect(own.toSorted(), name).toEqual(transient.map(([code]) => code).toSorted());
        expect(repeated, name).toEqual(
          expect.arrayContaining(['Lambda.ServiceException', 'Lambda.TooManyRequestsException']),
        );
      }
    }
  });

  it('I12: lets a refused input end the execution at its first state, under its own error', () => {
    for (const states of machines.values()) expect(states['Open']).toMatchObject({ Type: 'Task' });
    for (const states of machines.values()) expect(states['Open']?.Catch).toBeUndefined();
  });

  it('I11: catches every failure between opening and closing', () => {
    for (const [id, states] of machines) {
      const uncaught = Object.entries(states)
        .filter(([name, { Type }]) => ['Task', 'Map', 'Parallel'].includes(Type) && name !== 'Open')
        .filter(([, state]) => state.Catch?.[0]?.ErrorEquals[0] !== 'States.ALL')
        .map(([name]) => name);
      // Close of a committed operation, or of a drill that is taken down, has nothing left to undo; its retries outlast what is transient.
      expect(
        uncaught.filter((name) => name !== 'Close' && name !== 'Close drill'),
        id,
      ).toEqual([]);
    }
  });

  it('gives block-moving, launching, deleting and traffic rights to no function that does not need them', () => {
    expect(holders('ebs:PutSnapshotBlock')).toEqual(['StepsOperationManifest', 'StepsTransferMove']);
    expect(holders('ec2:RunInstances')).toEqual(['StepsFailoverLaunch']);
    expect(holders('ec2:DeleteSnapshot')).toEqual([
      'StepsFailbackAccept',
      'StepsFailbackPutBack',
      'StepsFailbackSweep',
      'StepsProtectPrune',
    ]);
    expect(holders('route53:ChangeResourceRecordSets')).toEqual(['StepsTrafficRestore', 'StepsTrafficSwitch']);
  });

  it('commands no server where no plan asks for it', () => {
    expect(JSON.stringify(template.findResources('AWS::IAM::Policy'))).not.toContain('ssm:');
  });

  it('drills by itself as often as the plan says', () => {
    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(7 days)',
      Description: 'Homeward: drill plan shop',
    });
  });

  it('fails over by itself: alarm on the missing heartbeat, rule, guard', () => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: 'Shop',
      MetricName: 'Heartbeat',
      TreatMissingData: 'breaching',
      EvaluationPeriods: 3,
      Period: 60,
    });
    template.resourceCountIs('AWS::Events::Rule', 4);
  });

  it('protects on schedule, and drops a tick when the next one is due', () => {
    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(5 minutes)',
      Target: { RetryPolicy: { MaximumEventAgeInSeconds: 300, MaximumRetryAttempts: 3 } },
    });
  });

  it('keeps evidence encrypted, in versions, over TLS only, and lets one role put it and nobody delete it', () => {
    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BucketName: Match.absent(),
        VersioningConfiguration: { Status: 'Enabled' },
        BucketEncryption: Match.anyValue(),
        PublicAccessBlockConfiguration: {
          ...{ BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
        },
        LifecycleConfiguration: {
          Rules: Match.arrayWith([
            Match.objectLike({ ExpirationInDays: 400, NoncurrentVersionExpiration: { NoncurrentDays: 90 } }),
          ]),
        },
      },
    });
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: [Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })],
      },
    });
    const policies = JSON.stringify(template.findResources('AWS::IAM::Policy'));
    expect([...policies.matchAll(/"s3:[^"]*"/g)].map(([action]) => action)).toEqual(['"s3:PutObject"']);
    expect(holders('s3:PutObject')).toEqual(['StepsWatchEvidence']);
  });

  it('keeps the catalogue when the stack is deleted', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: { DeletionProtectionEnabled: true },
    });
  });
});

import type { Plan } from '../domain/plan.ts';

/** The steps that have a function, by `<area>/<step>`. */
export const stepNames = [
  'protect/open', 'protect/capture', 'protect/replicate', 'protect/seal', 'protect/prune', 'protect/abort',
  'transfer/start', 'transfer/move', 'transfer/complete',
  'failover/open', 'failover/preflight', 'failover/fence', 'failover/launch', 'failover/commit', 'failover/undo', 'failover/guard',
  'waves/status', 'waves/probe', 'traffic/switch',
  'failback/open', 'failback/estimate', 'failback/pay-fence', 'failback/round', 'failback/finish-round', 'failback/stop-recovery',
  'failback/rebuild', 'failback/start', 'failback/commit', 'failback/undo', 'operation/close',
] as const;
export type StepName = (typeof stepNames)[number];

/** Actions on resources; `*` only where AWS offers no resource for the action. @source aws-facts [8.2] */
export interface Right {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/** ARN patterns of one set of plans; the account is filled in by the stack. */
export interface Arns {
  readonly partition: string;
  readonly account: string;
  readonly plans: readonly Plan[];
}

/** What each function may call besides the catalogue. Deleting, launching, moving blocks and switching traffic are separate roles. */
export function rightsOf(step: StepName, arns: Arns): readonly Right[] {
  const primary = new Set(arns.plans.map((plan) => plan.primary.region));
  const recovery = new Set(arns.plans.map((plan) => plan.recovery.region));
  const both = new Set([...primary, ...recovery]);
  const ec2 = (regions: ReadonlySet<string>, type: string) => [...regions].map((region) => `arn:${arns.partition}:ec2:${region}:${arns.account}:${type}/*`);
  const snapshots = (regions: ReadonlySet<string>) => [...regions].map((region) => `arn:${arns.partition}:ec2:${region}::snapshot/*`);
  const images = [...recovery].map((region) => `arn:${arns.partition}:ec2:${region}::image/*`);
  const instances = (regions: ReadonlySet<string>) => ec2(regions, 'instance');
  const zones = [...new Set(arns.plans.flatMap((plan) => plan.traffic.map(({ zone }) => `arn:${arns.partition}:route53:::hostedzone/${zone}`)))];
  const changes = `arn:${arns.partition}:route53:::change/*`;

  const read = (...actions: string[]): Right => ({ actions, resources: ['*'] });
  const on = (resources: readonly string[], ...actions: string[]): Right => ({ actions, resources });
  const keys: Right = on([...both].map((region) => `arn:${arns.partition}:kms:${region}:${arns.account}:key/*`),
    'kms:CreateGrant', 'kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey', 'kms:GenerateDataKeyWithoutPlaintext', 'kms:ReEncryptFrom', 'kms:ReEncryptTo');
  const traffic = zones.length === 0 ? [] : [on(zones, 'route53:ListResourceRecordSets', 'route53:ChangeResourceRecordSets'), on([changes], 'route53:GetChange')];
  const snapshotSet = (regions: ReadonlySet<string>) => [
    read('ec2:DescribeInstances', 'ec2:DescribeSnapshots'),
    on([...instances(regions), ...ec2(regions, 'volume'), ...snapshots(regions)], 'ec2:CreateSnapshots'),
    on(snapshots(regions), 'ec2:CreateTags'),
    keys,
  ];
  const swap = [
    read('ec2:DescribeInstances', 'ec2:DescribeVolumes'),
    on([...ec2(primary, 'volume'), ...instances(primary)], 'ec2:AttachVolume', 'ec2:DetachVolume'),
  ];

  switch (step) {
    case 'protect/capture':
      return [...snapshotSet(primary), read('ec2:DescribeVolumes'), on(instances(primary), 'ec2:DescribeInstanceAttribute')];
    case 'protect/replicate':
      return [read('ec2:DescribeSnapshots'), on(snapshots(both), 'ec2:CopySnapshot'), on(snapshots(recovery), 'ec2:CreateTags'), keys];
    case 'protect/seal':
      return [read('cloudwatch:PutMetricData')];
    case 'protect/prune':
      return [on(snapshots(both), 'ec2:DeleteSnapshot')];
    case 'transfer/start':
      return [on(snapshots(both), 'ebs:ListChangedBlocks', 'ebs:StartSnapshot', 'ec2:CreateTags'), keys];
    case 'transfer/move':
      return [on(snapshots(both), 'ebs:ListChangedBlocks', 'ebs:GetSnapshotBlock', 'ebs:PutSnapshotBlock'), keys];
    case 'transfer/complete':
      return [read('ec2:DescribeSnapshots'), on(snapshots(both), 'ebs:CompleteSnapshot', 'ebs:ListChangedBlocks'), keys];
    case 'failover/preflight':
      return [read('ec2:DescribeSnapshots', 'ec2:DescribeSubnets', 'ec2:DescribeSecurityGroups'), ...traffic.slice(0, 1).map(({ resources }) => on(resources, 'route53:ListResourceRecordSets'))];
    case 'failover/fence':
      return [read('ec2:DescribeInstances'), on(instances(primary), 'ec2:StopInstances')];
    case 'failover/launch':
      return [
        read('ec2:DescribeImages', 'ec2:DescribeInstances'),
        on([...images, ...snapshots(recovery)], 'ec2:RegisterImage'),
        on([...images, ...instances(recovery), ...['volume', 'network-interface', 'security-group', 'subnet', 'key-pair'].flatMap((type) => ec2(recovery, type)), ...snapshots(recovery)], 'ec2:RunInstances'),
        on([...images, ...instances(recovery), ...ec2(recovery, 'volume')], 'ec2:CreateTags'),
        on([...ec2(recovery, 'elastic-ip'), ...instances(recovery), ...ec2(recovery, 'network-interface')], 'ec2:AssociateAddress'),
        keys,
      ];
    case 'failover/undo':
      return [
        read('ec2:DescribeImages', 'ec2:DescribeInstances', 'ec2:DescribeVolumes'), on(instances(recovery), 'ec2:TerminateInstances'), on(images, 'ec2:DeregisterImage'),
        on(ec2(recovery, 'volume'), 'ec2:DeleteVolume'), on(instances(primary), 'ec2:StartInstances'), keys, ...traffic,
      ];
    case 'waves/status':
      return [read('ec2:DescribeInstances', 'ec2:DescribeInstanceStatus')];
    case 'traffic/switch':
      return [read('ec2:DescribeInstances'), ...traffic];
    case 'failover/guard':
      return [read('cloudwatch:DescribeAlarms')];
    case 'failback/estimate':
      return [...snapshotSet(recovery), on(snapshots(recovery), 'ebs:ListChangedBlocks', 'ec2:DeleteSnapshot')];
    case 'failback/round':
      return snapshotSet(recovery);
    case 'failback/pay-fence':
      return [...snapshotSet(primary), on(instances(primary), 'ec2:StopInstances')];
    case 'failback/stop-recovery':
      return [read('ec2:DescribeInstances'), on(instances(recovery), 'ec2:StopInstances')];
    case 'failback/rebuild':
      return [
        ...swap, on([...ec2(primary, 'volume'), ...snapshots(primary)], 'ec2:CreateVolume'), on(ec2(primary, 'volume'), 'ec2:CreateTags'),
        on([...instances(primary), ...ec2(primary, 'volume')], 'ec2:ModifyInstanceAttribute'), keys,
      ];
    case 'failback/start':
      return [read('ec2:DescribeInstances'), on(instances(primary), 'ec2:StartInstances'), keys];
    case 'failback/commit':
      return [read('ec2:DescribeInstances')];
    case 'failback/undo':
      return [...swap, on(instances(both), 'ec2:StartInstances', 'ec2:StopInstances'), on(ec2(primary, 'volume'), 'ec2:DeleteVolume'), keys, ...traffic];
    case 'protect/open': case 'protect/abort': case 'failover/open': case 'failover/commit': case 'waves/probe':
    case 'failback/open': case 'failback/finish-round': case 'operation/close':
      return [];
  }
}

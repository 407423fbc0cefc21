import { isCommanded } from '../domain/health-commands.ts';
import { lookingAtReservations, reserving } from './capacity-rights.ts';
import { copying, lookingForWays } from './copy-rights.ts';
import { fencing, givingGroupsBack, isolatingSides, payingFence } from './fence-rights.ts';
import { deletingKept, lookingAtKept } from './kept-rights.ts';
import { awayPlace, launching, registering, removing, safeguarding, settling } from './launch-rights.ts';
import { launchingHome, removingHome, safeguardingHome } from './new-server-rights.ts';
import { type Arns, Resources, type Right } from './resources.ts';
import type { StepName } from './step-names.ts';
import { leading, publishing, reading, switching } from './traffic-rights.ts';

const both = ['primary', 'recovery'] as const;
type LaunchSide = 'recovery' | 'launch';

/** Snapshots of all volumes of instances at once, and the notes of what was made. */
function snapshotSet(of: Resources, side: 'primary' | 'recovery', ...alsoOnOriginals: string[]): Right[] {
  const action = 'ec2:CreateSnapshots';
  return [
    of.read([side], 'ec2:DescribeInstances', 'ec2:DescribeSnapshots'),
    ...(side === 'primary' ? of.onOriginals(action, ...alsoOnOriginals) : [of.own(of.ec2(side, 'instance'), action)]),
    on(of.ec2(side, 'volume'), action),
    of.make(of.snapshots(side), action),
    of.tagWhile('CreateSnapshots', of.snapshots(side)),
  ];
}

/** What a launch needs to be there. */
function preflighting(of: Resources, side: LaunchSide): Right[] {
  return [
    of.read([side], 'ec2:DescribeSnapshots', 'ec2:DescribeSubnets'),
    of.read([side, ...isolatingSides(of)], 'ec2:DescribeInstances', 'ec2:DescribeSecurityGroups'),
    of.read([side], 'ec2:DescribeInstanceTypeOfferings', 'ec2:DescribeKeyPairs'),
    ...(of.elasticIps.length === 0 ? [] : [of.read(['recovery'], 'ec2:DescribeAddresses')]),
    ...lookingAtReservations(of),
    on([`arn:${of.partition}:iam::${of.account}:instance-profile/*`], 'iam:GetInstanceProfile'),
    ...of.lookAtKeys(...(side === 'launch' ? of.launchSides : [side])),
    ...counting(of, side),
    ...reading(of),
  ];
}

/** The quotas of instances and volumes, and what is there of both. A default is nobody's: it has no resource. */
function counting(of: Resources, side: LaunchSide): Right[] {
  const regions = of.regions(side);
  const quotas = regions.flatMap((region) =>
    ['ec2', 'ebs'].map((service) => `arn:${of.partition}:servicequotas:${region}:${of.account}:${service}/*`),
  );
  const conditions = { StringEquals: { 'aws:RequestedRegion': regions } };
  return [
    of.read([side], 'ec2:DescribeInstanceTypes', 'ec2:DescribeVolumes'),
    on(quotas, 'servicequotas:GetServiceQuota'),
    { actions: ['servicequotas:GetAWSDefaultServiceQuota'], resources: ['*'], conditions },
  ];
}

/** Which instances are the plan's, and whether they can be protected. */
function selecting(of: Resources): Right[] {
  const reads = ['ec2:DescribeInstances', 'ec2:DescribeInstanceTypes', 'ec2:GetEbsEncryptionByDefault'];
  return [of.read(['primary'], ...reads, 'ec2:DescribeVolumes')];
}

/** Volumes come off and onto the plan's own instances only. */
function attaching(of: Resources, ...alsoOnOriginals: string[]): Right[] {
  return [
    ...of.onOriginals('ec2:AttachVolume', 'ec2:DetachVolume', ...alsoOnOriginals),
    of.own(of.ec2('primary', 'volume'), 'ec2:AttachVolume'),
    on(of.ec2('primary', 'volume'), 'ec2:DetachVolume'),
    ...of.keys('attach', 'primary'),
  ];
}

/** Of copies only, and for no longer than the plans say: nobody could take back a lock of a hundred years. @source aws-facts [1.11] */
function locking(of: Resources): Right[] {
  if (of.lockDaysMax === 0) return [];
  const lock = of.own(of.snapshots('recovery'), 'ec2:LockSnapshot', 'recovery-point-copy');
  const atMost = { NumericLessThanEquals: { 'ec2:SnapshotLockDuration': String(of.lockDaysMax) } };
  return [
    of.read(['recovery'], 'ec2:DescribeLockedSnapshots'),
    { ...lock, conditions: { ...lock.conditions, ...atMost } },
  ];
}

/**
 * One document of AWS, on the servers that have commands and on no other; the plans say what is run. AWS's documents belong to no account
 * in their ARN, and nobody else may name one so. Reading what became of a command has no resource.
 */
function scripting(of: Resources, servers: readonly Right[], ...sides: ('primary' | 'recovery')[]): Right[] {
  if (servers.length === 0) return [];
  const regions = of.regions(...sides);
  const documents = regions.map((region) => `arn:${of.partition}:ssm:${region}:*:document/AWS-RunShellScript`);
  const reading = { 'aws:RequestedRegion': regions };
  return [
    ...servers,
    on(documents, 'ssm:SendCommand'),
    { actions: ['ssm:GetCommandInvocation'], resources: ['*'], conditions: { StringEquals: reading } },
  ];
}

function commanding(of: Resources): Right[] {
  const commanded = of.onServers(({ consistency }) => consistency !== undefined, ['ssm:SendCommand']);
  if (commanded.length === 0) return [];
  return [...scripting(of, commanded, 'primary'), of.read(['primary'], 'ec2:DescribeInstances')];
}

/** On what was launched, and at home on the originals that the plans ask so. */
function askingHealth(of: Resources): Right[] {
  const originals = of.onServers(isCommanded, ['ssm:SendCommand']);
  if (originals.length === 0) return [];
  const launched = of.own(of.ec2('launch', 'instance'), 'ssm:SendCommand', 'recovered-server');
  return scripting(of, [...originals, launched], ...both);
}

function prepared(of: Resources): Right[] {
  if (of.elasticIps.length === 0) return [];
  const action = 'ec2:AssociateAddress';
  return [
    on([...of.elasticIps, ...of.ec2('recovery', 'network-interface')], action),
    of.own(of.ec2('recovery', 'instance'), action),
  ];
}

/** Reading needs the plan's tags; what is being written was started moments ago, when AWS may not have its tags at hand yet. */
const transferring = (of: Resources) => ({
  list: of.own(of.snapshots(...both), 'ebs:ListChangedBlocks'),
  listAll: of.own(of.snapshots(...both), 'ebs:ListSnapshotBlocks'),
  read: of.own(of.snapshots(...both), 'ebs:GetSnapshotBlock'),
  write: (action: string) => on(of.snapshots(...both), action),
});

/** Steps that are not named here use the catalogue only. */
const rights: Partial<Record<StepName, (of: Resources) => readonly Right[]>> = {
  'protect/select': selecting,
  'failover/last-point': selecting,
  'protect/freeze': commanding,
  'protect/thaw': commanding,
  'operation/rescue': commanding,
  'protect/capture': (of) => [
    ...snapshotSet(of, 'primary'),
    ...of.keys('make', 'primary'),
    of.read(['primary'], 'ec2:DescribeVolumes'),
  ],
  'protect/describe': (of) => [
    ...of.onOriginals('ec2:DescribeInstanceAttribute', 'ec2:GetInstanceUefiData'),
    of.read(
      ['primary'],
      'ec2:DescribeInstances',
      'ec2:DescribeInstanceTypes',
      'ec2:DescribeInstanceCreditSpecifications',
    ),
  ],
  'protect/replicate': (of) => [
    publishing,
    of.read(both, 'ec2:DescribeSnapshots'),
    of.read(['recovery'], 'ec2:GetEbsEncryptionByDefault'),
    ...copying(of, 'primary', 'recovery'),
    of.tagWhile('CopySnapshot', of.snapshots('recovery')),
    ...of.keys('copyFrom', 'primary'),
    ...of.keys('copyTo', 'recovery'),
  ],
  'protect/open': () => [publishing],
  'protect/seal': (of) => [...locking(of), publishing],
  'protect/measure': () => [publishing],
  'protect/notice-copy': (of) => [of.read(['recovery'], 'ec2:DescribeSnapshots'), publishing],
  'protect/prune': (of) => [
    publishing,
    of.read(both, 'ec2:DescribeSnapshots', 'ec2:DescribeLockedSnapshots'),
    of.read(['primary'], 'ec2:DescribeInstances'),
    of.own(of.snapshots(...both), 'ec2:DeleteSnapshot'),
  ],
  'transfer/start': (of) => [
    of.read(both, 'ec2:DescribeSnapshots'),
    transferring(of).list,
    transferring(of).listAll,
    ...copying(of, 'recovery', 'primary'),
    of.make(of.snapshots(...both), 'ebs:StartSnapshot'),
    of.mark(of.snapshots(...both), 'failback-base', 'recovery-point-copy'),
    ...of.keys('direct', ...both),
  ],
  'transfer/move': (of) => [
    transferring(of).list,
    transferring(of).listAll,
    transferring(of).read,
    transferring(of).write('ebs:PutSnapshotBlock'),
    ...of.keys('direct', ...both),
  ],
  'transfer/complete': (of) => [
    of.read(both, 'ec2:DescribeSnapshots'),
    transferring(of).list,
    transferring(of).write('ebs:CompleteSnapshot'),
    ...of.keys('direct', ...both),
  ],
  'failover/preflight': (of) => preflighting(of, 'launch'),
  'watch/readiness': (of) => [...preflighting(of, 'recovery'), publishing],
  'watch/prober': (of) => (of.isProbed ? [publishing] : []),
  'failover/fence': fencing,
  'failback/fence': payingFence,
  'watch/fences': (of) => [of.read(['primary'], 'ec2:DescribeInstances')],
  'failover/register': (of) => [of.read(['recovery'], 'ec2:DescribeImages'), ...registering(of, 'recovery')],
  'failover/launch': (of) => [
    of.read(['launch'], 'ec2:DescribeImages', 'ec2:DescribeInstances'),
    ...(of.launchSides.includes('primary') ? [of.read(['primary'], 'ec2:DescribeSnapshots')] : []),
    ...launching(of, awayPlace(of)),
    ...reserving(of),
    ...prepared(of),
    ...settling(of, awayPlace(of)),
  ],
  'failover/safeguard': (of) => [safeguarding(of), ...safeguardingHome(of)],
  'drill/verify': (of) => (of.isDrilled ? [publishing] : []),
  'failover/clear': (of) => (of.mayLeaveOut ? removing(of, 'recovery') : []),
  'drill/take-down': (of) => removing(of, 'launch'),
  'failover/undo': (of) => [
    of.read(['primary'], 'ec2:DescribeInstances'),
    ...removing(of, 'recovery'),
    ...of.onOriginals('ec2:StartInstances'),
    ...givingGroupsBack(of),
    safeguarding(of),
    ...of.keys('attach', 'primary'),
    ...reading(of),
    ...leading(of),
  ],
  'waves/health': (of) => [of.read(both, 'ec2:DescribeInstances', 'ec2:DescribeInstanceStatus'), ...askingHealth(of)],
  'traffic/switch': (of) => [
    of.read(both, 'ec2:DescribeInstances'),
    ...switching(of),
    ...leading(of),
    ...(of.zones.size === 0 ? [] : [on([`arn:${of.partition}:route53:::change/*`], 'route53:GetChange')]),
  ],
  'traffic/restore': (of) => [of.read(both, 'ec2:DescribeInstances'), ...switching(of), ...leading(of)],
  'failback/estimate': (of) => [...snapshotSet(of, 'recovery'), ...lookingForWays(of)],
  'failback/round': (of) => [
    ...snapshotSet(of, 'recovery'),
    ...lookingForWays(of),
    of.read(['primary'], 'ec2:DescribeInstances'),
    publishing,
  ],
  'failback/pay-fence': (of) => [
    ...snapshotSet(of, 'primary', 'ec2:StopInstances'),
    of.own(of.snapshots('primary'), 'ebs:ListChangedBlocks'),
    ...of.keys('direct', 'primary'),
  ],
  'failback/stop-recovery': (of) => [
    of.read(['recovery'], 'ec2:DescribeInstances'),
    of.own(of.ec2('recovery', 'instance'), 'ec2:StopInstances', 'recovered-server'),
    safeguarding(of),
  ],
  'failback/rebuild': (of) => [
    of.read(['primary'], 'ec2:DescribeInstances', 'ec2:DescribeVolumes'),
    ...attaching(of, 'ec2:ModifyInstanceAttribute'),
    of.own(of.snapshots('primary'), 'ec2:CreateVolume'),
    of.make(of.ec2('primary', 'volume'), 'ec2:CreateVolume'),
    of.tagWhile('CreateVolume', of.ec2('primary', 'volume')),
    of.mark(of.ec2('primary', 'volume'), 'replaced-volume'),
    of.own(of.ec2('primary', 'volume'), 'ec2:ModifyInstanceAttribute'),
    ...of.keys('make', 'primary'),
  ],
  'failback/start': (of) => [
    of.read(['primary'], 'ec2:DescribeInstances'),
    ...of.onOriginals('ec2:StartInstances'),
    ...givingGroupsBack(of),
    ...of.keys('attach', 'primary'),
    ...launchingHome(of),
  ],
  'failback/commit': (of) => [of.read(both, 'ec2:DescribeInstances')],
  'failback/undo': (of) => [
    of.read(both, 'ec2:DescribeInstances'),
    ...of.onOriginals('ec2:StopInstances'),
    ...removingHome(of),
    of.own(of.ec2('recovery', 'instance'), 'ec2:StartInstances', 'recovered-server'),
    safeguarding(of),
    ...of.keys('attach', 'recovery'),
    ...reading(of),
    ...leading(of),
  ],
  'failback/sweep': (of) => [
    of.read(['recovery'], 'ec2:DescribeSnapshots'),
    of.own(of.snapshots('recovery'), 'ec2:DeleteSnapshot'),
  ],
  'failback/put-back': (of) => [
    of.read(['primary'], 'ec2:DescribeInstances', 'ec2:DescribeVolumes', 'ec2:DescribeSnapshots'),
    ...attaching(of),
    of.own(of.ec2('primary', 'volume'), 'ec2:DeleteVolume', 'failback-volume'),
    of.own(of.snapshots('primary'), 'ec2:DeleteSnapshot'),
    ...removingHome(of),
  ],
  'failback/list-kept': lookingAtKept,
  'failback/accept': (of) => [...lookingAtKept(of), ...removing(of, 'recovery'), safeguarding(of), ...deletingKept(of)],
  'operation/manifest': (of) => [
    of.read(['recovery'], 'ec2:DescribeSnapshots'),
    of.make(of.snapshots('recovery'), 'ebs:StartSnapshot'),
    of.mark(of.snapshots('recovery'), 'manifest'),
    on(of.snapshots('recovery'), 'ebs:PutSnapshotBlock', 'ebs:CompleteSnapshot'),
    ...of.keys('directTo', 'recovery'),
    ...of.defaultKeys(),
  ],
};

/** What each function may call besides the catalogue. Deleting, launching, moving blocks and switching traffic are separate roles. */
export function rightsOf(step: StepName, arns: Arns): readonly Right[] {
  return rights[step]?.(new Resources(arns)) ?? [];
}

function on(resources: readonly string[], ...actions: string[]): Right {
  return { actions, resources };
}

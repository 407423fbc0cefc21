import { launchPurposes } from '../domain/launch-site.ts';
import { type Resources, type Right, type Side, suffix } from './resources.ts';

/** Where servers are launched, into what, and what tags say that they are for. */
export interface Place {
  readonly side: Side;
  /** Whose keys their volumes have. */
  readonly keys: readonly ('primary' | 'recovery')[];
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  readonly purposes: (typeof launchPurposes)[keyof typeof launchPurposes];
}

/** Of failovers and drills. */
export function awayPlace({ launchSides, subnets, securityGroups }: Resources): Place {
  return { side: 'launch', keys: launchSides, subnets, securityGroups, purposes: launchPurposes.failover };
}

/**
 * Which role the profile of a server has is known when the server is captured, not when the stack is deployed. Only EC2 may be
 * given it, only for an instance where servers are launched, and the launching step starts nothing but images of recovery points.
 */
function passingRoles(of: Resources, side: Side): Right {
  return {
    actions: ['iam:PassRole'],
    resources: [`arn:${of.partition}:iam::${of.account}:role/*`],
    conditions: {
      StringEquals: { 'iam:PassedToService': of.regions(side).map((region) => `ec2.${suffix(region)}`) },
      ArnLike: { 'iam:AssociatedResourceArn': of.ec2(side, 'instance') },
    },
  };
}

export function registering(of: Resources, side: Side): Right[] {
  const action = 'ec2:RegisterImage';
  return [
    of.make(of.images(side), action),
    of.own(of.snapshots(side), action),
    of.tagWhile('RegisterImage', of.images(side)),
  ];
}

/** Registering images and launching from them. */
export function launching(of: Resources, { side, keys, subnets, securityGroups }: Place): Right[] {
  const action = 'ec2:RunInstances';
  const into = [...subnets, ...securityGroups, ...of.ec2(side, 'network-interface'), ...of.ec2(side, 'key-pair')];
  return [
    ...registering(of, side),
    of.own(of.images(side), action),
    of.own(of.snapshots(side), action),
    of.make([...of.ec2(side, 'instance'), ...of.ec2(side, 'volume')], action),
    { actions: [action], resources: into },
    of.tagWhile(
      'RunInstances',
      ['instance', 'volume', 'network-interface'].flatMap((type) => of.ec2(side, type)),
    ),
    passingRoles(of, side),
    ...of.keys('make', ...keys),
  ];
}

/** What was launched: servers, their images and volumes. */
export function removing(of: Resources, side: Side, purposes: Place['purposes'] = launchPurposes.failover): Right[] {
  return [
    of.read([side], 'ec2:DescribeInstances', 'ec2:DescribeImages', 'ec2:DescribeVolumes'),
    of.own(of.ec2(side, 'instance'), 'ec2:TerminateInstances', purposes.server),
    of.own(of.images(side), 'ec2:DeregisterImage', purposes.image),
    of.own(of.ec2(side, 'volume'), 'ec2:DeleteVolume', purposes.server),
  ];
}

/** Settings that a server is given after its launch, those of its interfaces where it has several, and those of its volumes. Tags of Homeward's own are not among them. */
export function settling(of: Resources, { side, purposes }: Place): Right[] {
  const tagging = of.own(of.ec2(side, 'volume'), 'ec2:CreateTags', purposes.server);
  const othersOnly = { 'ForAllValues:StringNotLike': { 'aws:TagKeys': ['homeward:*'] } };
  const network = of.ec2(side, 'network-interface');
  return [
    of.own(of.ec2(side, 'instance'), 'ec2:ModifyInstanceAttribute', purposes.server),
    of.own(network, 'ec2:ModifyNetworkInterfaceAttribute', purposes.server),
    { ...tagging, conditions: { ...tagging.conditions, ...othersOnly } },
  ];
}

/** Attributes of the servers that were launched in the recovery Region, and of no other. */
export function safeguarding(of: Resources): Right {
  return of.own(of.ec2('recovery', 'instance'), 'ec2:ModifyInstanceAttribute', launchPurposes.failover.server);
}

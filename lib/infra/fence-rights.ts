import { stoppingStrays } from './new-server-rights.ts';
import type { Resources, Right } from './resources.ts';

const action = 'ec2:ModifyNetworkInterfaceAttribute';

/**
 * Changing the groups of interfaces at home, where a plan isolates. They carry no tags of Homeward's: those on the servers, in the subnets that the plan maps.
 * AWS asks of the interface, of what it is attached to, and of each new group. @source aws-facts [8.2]
 */
function regrouping(of: Resources, groups: readonly string[]): Right[] {
  if (of.isolationGroups.length === 0) return [];
  const inSubnets = { ArnEquals: { 'ec2:Subnet': of.homeSubnets } };
  return [
    { actions: [action], resources: of.ec2('primary', 'network-interface'), conditions: inSubnets },
    ...of.onOriginals(action),
    { actions: [action], resources: groups },
  ];
}

/** A planned failover stops whatever its plan says. */
export function fencing(of: Resources): Right[] {
  return [...looking(of), ...of.onOriginals('ec2:StopInstances'), ...regrouping(of, of.isolationGroups)];
}

/** Paying an owed fence, in the ways of the plans only. */
export function payingFence(of: Resources): Right[] {
  const stopping = of.mayStopHome ? of.onOriginals('ec2:StopInstances') : [];
  return [...looking(of), ...stopping, ...stoppingStrays(of), ...regrouping(of, of.isolationGroups)];
}

/** Which groups a server had is known when it is isolated: one without a counterpart in the plan must come back as well. */
export function givingGroupsBack(of: Resources): Right[] {
  return regrouping(of, of.ec2('primary', 'security-group'));
}

/** Where it is looked at whether servers could be isolated: at home, where a plan does that. */
export function isolatingSides(of: Resources): readonly 'primary'[] {
  return of.isolationGroups.length === 0 ? [] : ['primary'];
}

function looking(of: Resources): Right[] {
  return [of.read(['primary'], 'ec2:DescribeInstances')];
}

import { launchPurposes } from '../domain/launch-site.ts';
import { launching, removing, settling } from './launch-rights.ts';
import type { Resources, Right } from './resources.ts';

/** Where plans let servers come home as new ones; no rights at all where none does. */
function atHome(of: Resources, rights: (home: Resources) => Right[]): Right[] {
  return of.newServers === undefined ? [] : rights(of.newServers);
}

/** Into the places at home that these plans name or their servers stood in, once nothing runs in the recovery Region. */
export function launchingHome(of: Resources): Right[] {
  return atHome(of, (home) => {
    const { subnets, securityGroups } = home.newPlaces;
    const place = {
      side: 'primary',
      keys: ['primary'],
      subnets,
      securityGroups,
      purposes: launchPurposes.failback,
    } as const;
    return [
      home.read(['recovery'], 'ec2:DescribeInstances'),
      home.read(['primary'], 'ec2:DescribeImages', 'ec2:DescribeSnapshots'),
      ...launching(home, place),
      ...settling(home, place),
    ];
  });
}

/** What a failback had launched there, and was undone; of a final one what it had launched from, and what it had left out. */
export function removingHome(of: Resources): Right[] {
  return atHome(of, (home) => removing(home, 'primary', launchPurposes.failback));
}

/** Attributes of the servers that came home as new ones. */
export function safeguardingHome(of: Resources): Right[] {
  const { server } = launchPurposes.failback;
  return atHome(of, (home) => [home.own(home.ec2('primary', 'instance'), 'ec2:ModifyInstanceAttribute', server)]);
}

/** What an undone failback had launched while nobody could end it. */
export function stoppingStrays(of: Resources): Right[] {
  const { server } = launchPurposes.failback;
  return atHome(of, (home) => [home.own(home.ec2('primary', 'instance'), 'ec2:StopInstances', server)]);
}

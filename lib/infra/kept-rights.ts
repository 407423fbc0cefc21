import type { Resources, Right } from './resources.ts';

/** What stays since a plan came home, in both Regions. */
export function lookingAtKept(of: Resources): Right[] {
  return [
    of.read(['primary'], 'ec2:DescribeVolumes', 'ec2:DescribeSnapshots'),
    of.read(['recovery'], 'ec2:DescribeInstances', 'ec2:DescribeImages', 'ec2:DescribeVolumes'),
  ];
}

/** Deleting of what stays at home, by what its tags say that it is. */
export function deletingKept(of: Resources): Right[] {
  return [
    of.own(of.ec2('primary', 'volume'), 'ec2:DeleteVolume', 'replaced-volume'),
    of.own(of.snapshots('primary'), 'ec2:DeleteSnapshot', 'returned-primary'),
  ];
}

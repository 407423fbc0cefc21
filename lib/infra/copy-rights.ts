import type { Resources, Right } from './resources.ts';

/** Copies of snapshots from one Region of the plans into the other. Tagging them is a right of its own. */
export function copying(of: Resources, from: 'primary' | 'recovery', to: 'primary' | 'recovery'): Right[] {
  return [
    { actions: ['ec2:CopySnapshot'], resources: of.snapshots(from) },
    of.make(of.snapshots(to), 'ec2:CopySnapshot'),
  ];
}

/** How volumes may come home: which bases there are in either Region, and what AWS lists against them. */
export function lookingForWays(of: Resources): Right[] {
  return [
    of.read(['primary'], 'ec2:DescribeSnapshots', 'ec2:GetEbsEncryptionByDefault'),
    of.own(of.snapshots('recovery'), 'ebs:ListChangedBlocks'),
    of.own(of.snapshots('recovery'), 'ebs:ListSnapshotBlocks'),
    ...of.keys('direct', 'recovery'),
  ];
}

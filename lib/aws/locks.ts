import { DescribeLockedSnapshotsCommand, type EC2Client, type Filter, LockSnapshotCommand } from '@aws-sdk/client-ec2';
import type { SnapshotLock } from '../domain/plan.ts';
import { awsCall } from './call.ts';

const held: Filter = { Name: 'lock-state', Values: ['governance', 'compliance', 'compliance-cooloff'] };

/** Ids of the snapshots of the account in this Region that nobody may delete now, whoever locked them. @source aws-facts [1.11] */
export async function findLockedSnapshots(ec2: EC2Client): Promise<Set<string>> {
  const found = new Set<string>();
  let token: string | undefined;
  do {
    const input = { Filters: [held], MaxResults: 1_000, ...(token === undefined ? {} : { NextToken: token }) };
    const page = await awsCall('describe locked snapshots', () => ec2.send(new DescribeLockedSnapshotsCommand(input)));
    for (const { SnapshotId } of page.Snapshots ?? []) if (SnapshotId !== undefined) found.add(SnapshotId);
    token = page.NextToken;
  } while (token !== undefined && token !== '');
  return found;
}

/**
 * Locks a snapshot from now on, or from its completion where it is pending. A second lock of the same length is no repeat: in
 * compliance mode AWS takes a longer one only. @source aws-facts [1.11]
 */
export async function lockSnapshot(ec2: EC2Client, id: string, { mode, days }: SnapshotLock): Promise<void> {
  await awsCall(`lock snapshot ${id}`, () =>
    ec2.send(new LockSnapshotCommand({ SnapshotId: id, LockMode: mode, LockDuration: days })),
  );
}

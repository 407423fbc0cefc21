import { createHash } from 'node:crypto';
import type { CompleteSnapshotRequest, CompleteSnapshotResponse } from '@aws-sdk/client-ebs';
import { endSnapshot } from '../ec2/snapshots.ts';
import { type Operation, operation } from '../service.ts';
import type { Desk, Writing } from './desk.ts';
import { validation } from './errors.ts';

/** CompleteSnapshot: seals a snapshot; a wrong count or checksum shows later, in state `error`. @source aws-facts [2.2], [2.11] */
export function completeOperation(desk: Desk): Operation {
  return operation<CompleteSnapshotRequest, CompleteSnapshotResponse>(
    ['SnapshotId', 'ChangedBlocksCount', 'Checksum', 'ChecksumAlgorithm', 'ChecksumAggregationMethod'],
    (input) => {
      desk.quotas.takeCall('Complete');
      const writing = desk.writing(input.SnapshotId);
      const { ChangedBlocksCount = -1, Checksum, ChecksumAlgorithm, ChecksumAggregationMethod } = input;
      if (ChangedBlocksCount < 0) throw validation('INVALID_PARAMETER_VALUE', 'ChangedBlocksCount is negative.');
      if (Checksum !== undefined && (ChecksumAlgorithm !== 'SHA256' || ChecksumAggregationMethod !== 'LINEAR'))
        throw validation('INVALID_PARAMETER_VALUE', 'The checksum must be SHA256, LINEAR.');
      const seal = `${ChangedBlocksCount}/${Checksum ?? ''}`;
      if (writing.sealedAs !== undefined && writing.sealedAs !== seal)
        throw validation('INVALID_SNAPSHOT_ID', `The snapshot '${input.SnapshotId}' is being completed.`);
      if (writing.sealedAs === undefined) {
        writing.sealedAs = seal;
        desk.state.after(desk.state.timings.sealingMs, () => settle(desk, writing, ChangedBlocksCount, Checksum));
      }
      return { Status: 'pending' };
    },
  );
}

function settle({ state, writings }: Desk, writing: Writing, count: number, checksum: string | undefined): void {
  const { snapshot, digests } = writing;
  const failure =
    count !== digests.size
      ? `ChangedBlocksCount is ${count}, but ${digests.size} blocks were written`
      : checksum !== undefined && checksum !== linearChecksum(digests)
        ? 'The checksum does not match the blocks written'
        : undefined;
  snapshot.blocksWritten = digests.size;
  endSnapshot(state, snapshot, failure);
  writings.delete(snapshot.id);
}

/** Base64 SHA-256 over the raw digests in ascending block order. @source aws-facts [2.11] */
export function linearChecksum(digests: ReadonlyMap<number, Buffer>): string {
  const hash = createHash('sha256');
  for (const [, digest] of [...digests].sort(([a], [b]) => a - b)) hash.update(digest);
  return hash.digest('base64');
}

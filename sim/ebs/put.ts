import type { PutSnapshotBlockRequest, PutSnapshotBlockResponse } from '@aws-sdk/client-ebs';
import { BLOCK_BYTES, BLOCKS_PER_GIB, checksumOf } from '../blocks/content.ts';
import { NotModelled, type Operation, operation } from '../service.ts';
import type { Desk } from './desk.ts';
import { notFound, validation } from './errors.ts';

/** PutSnapshotBlock: writes, or overwrites, one block of a pending snapshot. @source aws-facts [2.2], [2.11] */
export function putOperation(desk: Desk): Operation {
  return operation<PutSnapshotBlockRequest, PutSnapshotBlockResponse>(
    ['SnapshotId', 'BlockIndex', 'BlockData', 'DataLength', 'Progress', 'Checksum', 'ChecksumAlgorithm'],
    async (input) => {
      const { state } = desk;
      desk.quotas.takeBlock('Put', input.SnapshotId ?? '');
      const writing = desk.writing(input.SnapshotId);
      if (writing.sealedAs !== undefined)
        throw validation('INVALID_SNAPSHOT_ID', `The snapshot '${input.SnapshotId}' is being completed.`);
      desk.checkKey(writing.snapshot);
      const { index, bytes } = checked(input, writing.snapshot.content.sizeGib);
      if (writing.inFlight.has(index))
        throw validation('CONFLICTING_BLOCK_UPDATE', `Block ${index} is being written by another request.`);
      writing.inFlight.add(index);
      await state.pause(state.timings.blockWriteMs);
      writing.inFlight.delete(index);
      if (!state.snapshots.has(writing.snapshot.id) || writing.snapshot.state !== 'pending')
        throw notFound(input.SnapshotId);
      if (writing.sealedAs !== undefined)
        throw validation('INVALID_SNAPSHOT_ID', `The snapshot '${input.SnapshotId}' is being completed.`);
      writing.snapshot.content.write(index, bytes);
      writing.digests.set(index, Buffer.from(input.Checksum ?? '', 'base64'));
      writing.activeAt = state.now();
      writing.snapshot.progressPercent = input.Progress ?? writing.snapshot.progressPercent;
      state.bytesMoved.written += BLOCK_BYTES;
      return { Checksum: input.Checksum, ChecksumAlgorithm: 'SHA256' };
    },
  );
}

function checked(input: PutSnapshotBlockRequest, sizeGib: number): { index: number; bytes: Uint8Array } {
  const { BlockIndex = -1, BlockData, DataLength, Checksum, ChecksumAlgorithm } = input;
  if (!((BlockData as unknown) instanceof Uint8Array)) throw new NotModelled('block data that is not bytes');
  const bytes = BlockData as unknown as Uint8Array;
  if (!Number.isInteger(BlockIndex) || BlockIndex < 0 || BlockIndex >= sizeGib * BLOCKS_PER_GIB)
    throw validation('INVALID_PARAMETER_VALUE', `Block index ${BlockIndex} is beyond the volume.`);
  if (DataLength !== BLOCK_BYTES || bytes.length !== BLOCK_BYTES)
    throw validation('INVALID_PARAMETER_VALUE', `A block has ${BLOCK_BYTES} bytes, not ${bytes.length}.`);
  if (ChecksumAlgorithm !== 'SHA256') throw validation('INVALID_PARAMETER_VALUE', 'ChecksumAlgorithm must be SHA256.');
  if (Checksum !== checksumOf(bytes))
    throw validation('INVALID_BLOCK', `The checksum of block ${BlockIndex} is wrong.`);
  return { index: BlockIndex, bytes };
}

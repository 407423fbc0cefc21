import type { GetSnapshotBlockRequest, GetSnapshotBlockResponse } from '@aws-sdk/client-ebs';
import { BLOCK_BYTES, checksumOf, unwrittenBlock } from '../blocks/content.ts';
import { type Operation, operation } from '../service.ts';
import type { Desk } from './desk.ts';

/** GetSnapshotBlock, with its body as bytes: the wire makes a stream of them. */
export type BlockAnswer = Omit<GetSnapshotBlockResponse, 'BlockData'> & { readonly BlockData: Buffer };

/** GetSnapshotBlock: reads one block by its token. @source aws-facts [2.2] */
export function getOperation(desk: Desk): Operation {
  return operation<GetSnapshotBlockRequest, BlockAnswer>(['SnapshotId', 'BlockIndex', 'BlockToken'], async (input) => {
    const { state } = desk;
    desk.quotas.takeBlock('Get', input.SnapshotId ?? '');
    const { id, content, encryption } = desk.readable(input.SnapshotId);
    const index = input.BlockIndex ?? -1;
    desk.tokens.checkBlock(input.BlockToken, id, index);
    await state.pause(state.timings.blockReadMs);
    const block = content.blocks.get(index) ?? unwrittenBlock(encryption?.dataKeyId, index);
    state.bytesMoved.read += BLOCK_BYTES;
    return {
      BlockData: Buffer.from(block),
      DataLength: BLOCK_BYTES,
      Checksum: checksumOf(block),
      ChecksumAlgorithm: 'SHA256',
    };
  });
}

import type {
  ListChangedBlocksRequest,
  ListChangedBlocksResponse,
  ListSnapshotBlocksRequest,
  ListSnapshotBlocksResponse,
} from '@aws-sdk/client-ebs';
import { allocatedIndexes, BLOCK_BYTES } from '../blocks/content.ts';
import { isRelated } from '../blocks/lineage.ts';
import type { SnapshotRecord } from '../ec2/records.ts';
import { NotModelled, type Operation, operation } from '../service.ts';
import type { Desk } from './desk.ts';
import { validation } from './errors.ts';
import { blockValidMs } from './tokens.ts';

interface PageRequest {
  readonly NextToken?: string | undefined;
  readonly MaxResults?: number | undefined;
  readonly StartingBlockIndex?: number | undefined;
}

/** @source aws-facts [2.5] */
const resultsMin = 100;
const resultsMax = 10_000;

/**
 * The part of `indexes` that one page looks at. A page counts blocks looked at, not blocks found, so it can come out empty;
 * StartingBlockIndex is ignored with a token. @source aws-facts [2.5]
 */
function cut(desk: Desk, list: string, indexes: readonly number[], request: PageRequest) {
  const { NextToken, MaxResults = resultsMax, StartingBlockIndex = 0 } = request;
  if (MaxResults < resultsMin || MaxResults > resultsMax)
    throw validation('INVALID_PARAMETER_VALUE', `MaxResults ${MaxResults} is not within 100 and 10000.`);
  const from = NextToken === undefined ? StartingBlockIndex : desk.tokens.readPage(NextToken, list);
  const waiting = indexes.filter((index) => index >= from);
  const next = waiting[MaxResults];
  return {
    looked: waiting.slice(0, MaxResults),
    next: next === undefined ? {} : { NextToken: desk.tokens.page(list, next) },
  };
}

function frame(desk: Desk, { content }: SnapshotRecord) {
  return {
    ExpiryTime: new Date(desk.state.now() + blockValidMs),
    VolumeSize: content.sizeGib,
    BlockSize: BLOCK_BYTES,
  };
}

/** ListSnapshotBlocks: the written blocks of one snapshot, with what its ancestors wrote. @source aws-facts [2.2] */
export function listOperation(desk: Desk): Operation {
  return operation<ListSnapshotBlocksRequest, ListSnapshotBlocksResponse>(
    ['SnapshotId', 'NextToken', 'MaxResults', 'StartingBlockIndex'],
    (input) => {
      desk.quotas.takeCall('List');
      const snapshot = desk.readable(input.SnapshotId);
      const { looked, next } = cut(desk, snapshot.id, allocatedIndexes(snapshot.content), input);
      const blocks = looked.map((index) => ({ BlockIndex: index, BlockToken: desk.tokens.block(snapshot.id, index) }));
      return { Blocks: blocks, ...frame(desk, snapshot), ...next };
    },
  );
}

/** ListChangedBlocks: a token is absent on the side where the block does not exist. @source aws-facts [2.2], [2.6], [2.7] */
export function listChangedOperation(desk: Desk): Operation {
  return operation<ListChangedBlocksRequest, ListChangedBlocksResponse>(
    ['FirstSnapshotId', 'SecondSnapshotId', 'NextToken', 'MaxResults', 'StartingBlockIndex'],
    (input) => {
      desk.quotas.takeCall('ListChanged');
      if (input.FirstSnapshotId === undefined) throw new NotModelled('ListChangedBlocks without FirstSnapshotId');
      const first = desk.readable(input.FirstSnapshotId);
      const second = desk.readable(input.SecondSnapshotId);
      if (!isRelated(first.moment, second.moment))
        throw validation('UNRELATED_SNAPSHOTS', `${first.id} and ${second.id} are not related`);
      const compared = allocatedIndexes(first.content, second.content);
      const { looked, next } = cut(desk, `${first.id}/${second.id}`, compared, input);
      const changed = looked.filter((index) => first.content.blocks.get(index) !== second.content.blocks.get(index));
      const tokenOf = (name: 'FirstBlockToken' | 'SecondBlockToken', { id, content }: SnapshotRecord, index: number) =>
        content.blocks.has(index) ? { [name]: desk.tokens.block(id, index) } : {};
      const blocks = changed.map((index) => ({
        BlockIndex: index,
        ...tokenOf('FirstBlockToken', first, index),
        ...tokenOf('SecondBlockToken', second, index),
      }));
      return { ChangedBlocks: blocks, ...frame(desk, second), ...next };
    },
  );
}

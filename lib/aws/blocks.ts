import { createHash } from 'node:crypto';
import {
  CompleteSnapshotCommand,
  type EBSClient,
  GetSnapshotBlockCommand,
  ListChangedBlocksCommand,
  ListSnapshotBlocksCommand,
  PutSnapshotBlockCommand,
  StartSnapshotCommand,
} from '@aws-sdk/client-ebs';
import { blockBytes } from '../domain/blocks.ts';
import { Failure } from '../domain/failure.ts';
import { AwsFailure, awsCall } from './call.ts';
import { type OwnerTags, ownerTags } from './tags.ts';

/** A block that differs; `token` reads it from the second snapshot, `null` when it exists in the first only. @source aws-facts [2.7] */
export interface ChangedBlock {
  readonly index: number;
  readonly token: string | null;
}

/** A block that may differ: one that both snapshots have has a token for each. */
export interface ListedBlock extends ChangedBlock {
  readonly baseToken?: string;
}

export interface Block {
  readonly bytes: Uint8Array;
  /** Base64 SHA-256 of the bytes. */
  readonly checksum: string;
}

export const zeroBlock: Block = blockOf(new Uint8Array(blockBytes));

/** Two snapshots of one Region: what `snapshot` has that `base` has not. */
export interface SnapshotPair {
  readonly base: string;
  readonly snapshot: string;
}

/** Where a listing begins, and who says when its next page may be asked for. */
export interface Reading {
  readonly first: number;
  readonly send: <Page>(page: () => Promise<Page>) => Promise<Page>;
}

const pageSizeMin = 100;
const pageSizeMax = 10_000;

/**
 * Streams the changed blocks in ascending order. Pages may be empty; only a missing token ends the list. @source aws-facts [2.5]
 */
export async function* listChangedBlocks(
  ebs: EBSClient,
  pair: SnapshotPair,
  reading: Reading,
): AsyncGenerator<ChangedBlock> {
  const input = {
    FirstSnapshotId: pair.base,
    SecondSnapshotId: pair.snapshot,
    MaxResults: pageSizeMax,
    StartingBlockIndex: reading.first,
  };
  const what = `list the blocks changed between ${pair.base} and ${pair.snapshot}`;
  const pages = pagesOf(what, reading, (token) => ebs.send(new ListChangedBlocksCommand({ ...input, ...token })));
  for await (const page of pages)
    for (const block of page.ChangedBlocks ?? [])
      yield { index: block.BlockIndex ?? 0, token: block.SecondBlockToken ?? null };
}

/** Whether AWS can list what changed between the two, by the smallest page. @throws Failure LineageLost where it cannot. @source aws-facts [2.6] */
export async function proveRelated(ebs: EBSClient, { base, snapshot }: SnapshotPair): Promise<void> {
  const input = { FirstSnapshotId: base, SecondSnapshotId: snapshot, MaxResults: pageSizeMin };
  await awsCall(`list the blocks changed between ${base} and ${snapshot}`, () =>
    ebs.send(new ListChangedBlocksCommand(input)),
  );
}

/**
 * Streams every block that one of two snapshots has, in ascending order: for a pair that AWS does not take for related, whose differences
 * must be found by reading. @source aws-facts [2.6]
 */
export async function* listBlocksOfBoth(
  ebs: EBSClient,
  pair: SnapshotPair,
  reading: Reading,
): AsyncGenerator<ListedBlock> {
  const bases = listBlocks(ebs, pair.base, reading);
  let base = await bases.next();
  for await (const { index, token } of listBlocks(ebs, pair.snapshot, reading)) {
    for (; base.done !== true && base.value.index < index; base = await bases.next())
      yield { index: base.value.index, token: null };
    if (base.done === true || base.value.index !== index) yield { index, token };
    else {
      yield { index, token, baseToken: base.value.token };
      base = await bases.next();
    }
  }
  for (; base.done !== true; base = await bases.next()) yield { index: base.value.index, token: null };
}

/** The blocks of a snapshot that were written, in ascending order. Pages may be empty here too. @source aws-facts [2.5] */
async function* listBlocks(ebs: EBSClient, snapshot: string, reading: Reading, pageSize = pageSizeMax) {
  const input = { SnapshotId: snapshot, MaxResults: pageSize, StartingBlockIndex: reading.first };
  const pages = pagesOf(`list the blocks of ${snapshot}`, reading, (token) =>
    ebs.send(new ListSnapshotBlocksCommand({ ...input, ...token })),
  );
  for await (const page of pages)
    for (const { BlockIndex = 0, BlockToken = '' } of page.Blocks ?? []) yield { index: BlockIndex, token: BlockToken };
}

async function* pagesOf<Page extends { NextToken?: string | undefined }>(
  what: string,
  { send }: Reading,
  ask: (token: { NextToken?: string }) => Promise<Page>,
): AsyncGenerator<Page> {
  let next: string | undefined;
  do {
    const token = next === undefined ? {} : { NextToken: next };
    const page = await send(() => awsCall(what, () => ask(token)));
    yield page;
    next = page.NextToken;
  } while (next !== undefined);
}

/** Tokens of the first blocks of a snapshot by index, those below `end` that were written. @source aws-facts [2.5] */
export async function listFirstBlocks(ebs: EBSClient, snapshot: string, end: number): Promise<Map<number, string>> {
  const tokens = new Map<number, string>();
  const atOnce: Reading = { first: 0, send: (page) => page() };
  for await (const { index, token } of listBlocks(ebs, snapshot, atOnce, 100)) {
    if (index >= end) break;
    tokens.set(index, token);
  }
  return tokens;
}

/** Reads one block and verifies its checksum. What a transfer carries goes the shorter way of `block-calls.ts`. */
export async function getBlock(ebs: EBSClient, snapshot: string, index: number, token: string): Promise<Block> {
  return awsCall(`read block ${index} of ${snapshot}`, async () => {
    const answer = await ebs.send(
      new GetSnapshotBlockCommand({ SnapshotId: snapshot, BlockIndex: index, BlockToken: token }),
    );
    const bytes = await answer.BlockData?.transformToByteArray();
    const block = blockOf(bytes ?? new Uint8Array());
    if (block.bytes.length !== blockBytes || block.checksum !== answer.Checksum) {
      throw new Failure(
        'AwsUnavailable',
        `Block ${index} of ${snapshot} arrived damaged (${block.bytes.length} bytes). It is read again.`,
      );
    }
    return block;
  });
}

/** Writes one block; writing it again is harmless. */
export async function putBlock(ebs: EBSClient, target: string, index: number, block: Block): Promise<void> {
  await awsCall(`write block ${index} of ${target}`, () =>
    ebs.send(
      new PutSnapshotBlockCommand({
        SnapshotId: target,
        BlockIndex: index,
        BlockData: block.bytes,
        DataLength: blockBytes,
        Checksum: block.checksum,
        ChecksumAlgorithm: 'SHA256',
      }),
    ),
  );
}

export interface StartRequest {
  /** What it is written onto; or nothing, encrypted under the key with this ARN, `undefined` for the default key of the Region. */
  readonly on: { readonly parent: string } | { readonly key: string | undefined };
  readonly sizeGib: number;
  readonly token: string;
  readonly owner: OwnerTags;
}

/** Minutes without a write after which AWS gives up a started snapshot: a day, longer than any pause of ours. @source aws-facts [2.4] */
const idleMinutes = 1_440;

/** Starts a snapshot; on a parent key and encryption are the parent's, and may not be said. @source aws-facts [2.3] */
export async function startSnapshot(ebs: EBSClient, request: StartRequest): Promise<string> {
  const { on } = request;
  const started = await awsCall(`start a snapshot ${'parent' in on ? `on ${on.parent}` : request.owner.step}`, () =>
    ebs.send(
      new StartSnapshotCommand({
        ...('parent' in on ? { ParentSnapshotId: on.parent } : { Encrypted: true }),
        ...('key' in on && on.key !== undefined ? { KmsKeyArn: on.key } : {}),
        VolumeSize: request.sizeGib,
        ClientToken: request.token,
        Timeout: idleMinutes,
        Description: `Homeward ${request.owner.step}`.slice(0, 255),
        Tags: ownerTags(request.owner),
      }),
    ),
  );
  return started.SnapshotId ?? '';
}

/** Completes a started snapshot; AWS refuses a wrong count or a wrong checksum. `digests`: raw, in index order. @source aws-facts [2.11] */
export async function completeSnapshot(
  ebs: EBSClient,
  target: string,
  changedBlocks: number,
  digests: Uint8Array,
): Promise<void> {
  const checksum =
    changedBlocks === 0
      ? {}
      : ({
          Checksum: sha256(digests),
          ChecksumAlgorithm: 'SHA256',
          ChecksumAggregationMethod: 'LINEAR',
        } as const);
  await awsCall(`complete snapshot ${target}`, () =>
    ebs.send(new CompleteSnapshotCommand({ SnapshotId: target, ChangedBlocksCount: changedBlocks, ...checksum })),
  );
}

/** Put and Complete may answer "not found" for so long after the start of a snapshot. @source aws-facts [2.8] */
export const visibleAfterSeconds = 120;

/** Whether AWS does not know a snapshot that was started a moment ago; seen for up to 2 minutes. @source aws-facts [2.8] */
export function isNotVisibleYet(error: unknown): boolean {
  return error instanceof AwsFailure && error.awsName === 'ResourceNotFoundException';
}

/** The raw digest of a block, of which the checksum of a whole snapshot is made. @source aws-facts [2.11] */
export function digestOf({ checksum }: Block): Uint8Array {
  return Buffer.from(checksum, 'base64');
}

/** A block of {@link blockBytes} bytes, with its checksum. */
export function blockOf(bytes: Uint8Array): Block {
  return { bytes, checksum: sha256(bytes) };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}

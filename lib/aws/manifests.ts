import { gunzipSync, gzipSync } from 'node:zlib';
import type { EBSClient } from '@aws-sdk/client-ebs';
import { blockBytes } from '../domain/blocks.ts';
import { Failure } from '../domain/failure.ts';
import { type Manifest, manifestSchema } from '../domain/manifest.ts';
import { problemsOf } from '../domain/problems.ts';
import {
  type Block,
  blockOf,
  completeSnapshot,
  digestOf,
  getBlock,
  listFirstBlocks,
  putBlock,
  startSnapshot,
} from './blocks.ts';
import { AwsFailure } from './call.ts';
import type { OwnerTags } from './tags.ts';
import { tokenOf } from './token.ts';

/** Purpose of the snapshots that hold manifests. */
export const manifestPurpose = 'manifest';

/** The smallest snapshot there is; only what is written is paid for. @source aws-facts [2.2] */
const sizeGib = 1;
/** Of compressed JSON. 200 servers with 16 KiB of incompressible user data each make 7 blocks. */
const blocksMax = 64;
/** What a manifest begins with: its kind and version, and the number of bytes that follow. */
const header = /^homeward manifest 1 (\d{1,9})\n/;

/** Begins the snapshot of an operation's manifest; the same operation gives the same one. `key`: ARN in this Region. */
export function startManifest(
  ebs: EBSClient,
  { owner, key }: { readonly owner: OwnerTags; readonly key: string | undefined },
): Promise<string> {
  return startSnapshot(ebs, { on: { key }, sizeGib, token: tokenOf(owner.operation, owner.step), owner });
}

/**
 * Writes a manifest into a snapshot that was begun for it, and asks for its completion. One that is being completed takes no more
 * writes, which is fine: its state tells how that ended.
 */
export async function writeManifest(ebs: EBSClient, target: string, manifest: Manifest): Promise<void> {
  const blocks = blocksOf(manifest);
  try {
    for (const [index, block] of blocks.entries()) await putBlock(ebs, target, index, block);
    await completeSnapshot(ebs, target, blocks.length, Buffer.concat(blocks.map(digestOf)));
  } catch (error) {
    if (!(error instanceof AwsFailure && error.reason === 'INVALID_SNAPSHOT_ID')) throw error;
  }
}

/**
 * Reads the manifest that a snapshot holds.
 * @throws Failure InvalidInput when it holds none, CatalogueCorrupt when the one that it holds is not whole
 */
export async function readManifest(ebs: EBSClient, snapshot: string): Promise<Manifest> {
  const tokens = await listFirstBlocks(ebs, snapshot, blocksMax);
  const read = async (index: number) => {
    const token = tokens.get(index);
    return token === undefined ? Buffer.alloc(0) : Buffer.from((await getBlock(ebs, snapshot, index, token)).bytes);
  };
  const first = await read(0);
  const [start, bytes = ''] = header.exec(first.subarray(0, 40).toString('latin1')) ?? [];
  if (start === undefined) throw new Failure('InvalidInput', `Snapshot ${snapshot} holds no manifest of Homeward.`);
  const end = start.length + Number(bytes);
  const rest: Buffer[] = [];
  for (let index = 1; index * blockBytes < Math.min(end, blocksMax * blockBytes); index += 1)
    rest.push(await read(index));
  return parse(snapshot, Buffer.concat([first, ...rest]).subarray(start.length, end));
}

function blocksOf(manifest: Manifest): Block[] {
  const packed = gzipSync(JSON.stringify(manifest));
  const bytes = Buffer.concat([Buffer.from(`homeward manifest 1 ${packed.length}\n`), packed]);
  const count = Math.ceil(bytes.length / blockBytes);
  if (count > blocksMax)
    throw new Failure('InvalidInput', `The manifest has ${bytes.length} bytes, more than ${blocksMax} blocks hold.`);
  return Array.from({ length: count }, (_, index) => {
    const block = Buffer.alloc(blockBytes);
    bytes.copy(block, 0, index * blockBytes);
    return blockOf(block);
  });
}

/** What does not unpack or fit is named by its snapshot only: it may be somebody's user data. */
function parse(snapshot: string, packed: Buffer): Manifest {
  const broken = (what: string) =>
    new Failure('CatalogueCorrupt', `The manifest in snapshot ${snapshot} is broken: ${what}. It is left out.`);
  let unpacked: unknown;
  try {
    unpacked = JSON.parse(gunzipSync(packed).toString());
  } catch {
    throw broken('it does not unpack');
  }
  const parsed = manifestSchema.safeParse(unpacked);
  if (!parsed.success) throw broken(problemsOf(parsed.error));
  return parsed.data;
}

import { startSnapshot } from '../../aws/blocks.ts';
import { ebsClient, ec2Client } from '../../aws/clients.ts';
import { describeSnapshots } from '../../aws/snapshots.ts';
import type { OwnerTags } from '../../aws/tags.ts';
import { tokenOf } from '../../aws/token.ts';
import { blockBytes, type Unit } from '../../domain/blocks.ts';
import type { TransferRecord } from '../../domain/catalogue.ts';
import { Failure } from '../../domain/failure.ts';
import type { TransferMethod } from '../../domain/replication-record.ts';
import type { Services } from '../services.ts';
import { copyWhole } from './copy.ts';
import { cutTransfer } from './list-blocks.ts';
import type { Transfer, TransferItem } from './transfer.ts';

export interface StartedTransfer {
  readonly target: string;
  readonly method: TransferMethod;
  /** None of what AWS copies. */
  readonly units: readonly Unit[];
}

/**
 * Lists the blocks to look at, starts the target snapshot on its parent, and cuts the work into units. Where AWS takes the two
 * snapshots for unrelated, both are read and compared; where there is nothing to build on, AWS copies everything. Both is said. Repeats
 * give the same target.
 */
export async function start(services: Services, item: TransferItem): Promise<StartedTransfer> {
  await services.proveEpoch(item);
  const { transfer } = item;
  return transfer.isCopied === true ? startCopy(services, item) : startBlocks(services, item);
}

async function startBlocks(services: Services, item: TransferItem): Promise<StartedTransfer> {
  const { operation, transfer } = item;
  const { near, far, sizeGib, volume } = transfer;
  const { method, units, listedBlocks } = await cutTransfer(services, { ...near, sizeGib });
  if (method === 'compare') await refuseShrunk(services, transfer);
  const request = {
    on: { parent: far.base },
    sizeGib,
    token: tokenOf(operation, transfer.id),
    owner: ownerOf(item),
  };
  const target = await startSnapshot(services.client(ebsClient, far.region), request);
  const note =
    method === 'compare'
      ? `${volume}: AWS does not take ${near.snapshot} for related to ${near.base}, so all ${listedBlocks} blocks of both are read, and those that differ are carried over`
      : undefined;
  await noteStart(services, item, { target, method, listedBlocks, note });
  return { target, method, units };
}

async function startCopy(services: Services, item: TransferItem): Promise<StartedTransfer> {
  const { near, far, sizeGib, volume } = item.transfer;
  const target = await copyWhole(services, item, ownerOf(item));
  const copied = (await describeSnapshots(services.client(ec2Client, near.region), [near.snapshot])).get(near.snapshot);
  const listedBlocks = Math.ceil((copied?.fullBytes ?? sizeGib * 1024 ** 3) / blockBytes);
  const note = `${volume}: AWS copies ${near.snapshot} as a whole to ${far.region}, ${listedBlocks} blocks, as ${target}`;
  await noteStart(services, item, { target, method: 'native-full', listedBlocks, note });
  return { target, method: 'native-full', units: [] };
}

function ownerOf({ plan, operation, transfer }: TransferItem): OwnerTags {
  const { purpose, id, volume, point } = transfer;
  const [server = '', device = ''] = volume.split(':');
  return { plan, operation, purpose, step: id, server, device, ...(point === undefined ? {} : { point }) };
}

type Start = Pick<TransferRecord, 'target' | 'method' | 'listedBlocks'> & { readonly note: string | undefined };

async function noteStart(services: Services, { operation, transfer }: TransferItem, { note, ...of }: Start) {
  const { catalogue } = services;
  if ((await catalogue.transfer(operation, transfer.id)) !== undefined) return;
  const startedAt = services.now();
  if (note !== undefined) await catalogue.addEvent(operation, startedAt, note);
  await catalogue.updateTransfer(operation, transfer.id, {
    id: transfer.id,
    volume: transfer.volume,
    ...of,
    changedBlocks: null,
    startedAt: startedAt.toISOString(),
    isCompleting: false,
    completedAt: null,
  });
}

/** A volume never shrinks, but another one in its place may be smaller, and no snapshot is smaller than its parent. @source aws-facts [2.3] */
async function refuseShrunk({ client }: Services, { volume, near, sizeGib }: Transfer): Promise<void> {
  const before = (await describeSnapshots(client(ec2Client, near.region), [near.base])).get(near.base);
  if (before === undefined || before.sizeGib <= sizeGib) return;
  throw new Failure(
    'LineageLost',
    `The volume of ${volume} is another one than before, and smaller: ${sizeGib} GiB instead of ${before.sizeGib}. Nothing that is kept can be brought up to it. Give the server a volume of ${before.sizeGib} GiB or more in its place.`,
  );
}

import { startSnapshot } from '../../aws/blocks.ts';
import { ebsClient, ec2Client } from '../../aws/clients.ts';
import { describeSnapshots } from '../../aws/snapshots.ts';
import { tokenOf } from '../../aws/token.ts';
import type { Unit } from '../../domain/blocks.ts';
import { Failure } from '../../domain/failure.ts';
import type { BlockMethod } from '../../domain/replication-record.ts';
import type { Services } from '../services.ts';
import { cutTransfer } from './list-blocks.ts';
import type { Transfer, TransferItem } from './transfer.ts';

export interface StartedTransfer {
  readonly target: string;
  readonly method: BlockMethod;
  readonly units: readonly Unit[];
}

/**
 * Lists the blocks to look at, starts the target snapshot on its parent, and cuts the work into units. Where AWS takes the two
 * snapshots for unrelated, both are read and compared, which is said. Repeats give the same target.
 */
export async function start(services: Services, item: TransferItem): Promise<StartedTransfer> {
  const { plan, operation, transfer } = item;
  const { catalogue } = services;
  await services.proveEpoch(item);
  const { method, units, listedBlocks } = await cutTransfer(services, {
    ...transfer.near,
    sizeGib: transfer.sizeGib,
  });
  if (method === 'compare') await refuseShrunk(services, transfer);
  const [server = '', device = ''] = transfer.volume.split(':');
  const owner = {
    plan,
    operation,
    purpose: transfer.purpose,
    step: transfer.id,
    server,
    device,
    ...(transfer.point === undefined ? {} : { point: transfer.point }),
  };
  const request = {
    on: { parent: transfer.far.base },
    sizeGib: transfer.sizeGib,
    token: tokenOf(operation, transfer.id),
    owner,
  };
  const target = await startSnapshot(services.client(ebsClient, transfer.far.region), request);
  if ((await catalogue.transfer(operation, transfer.id)) === undefined) {
    const startedAt = services.now();
    if (method === 'compare') {
      const note = `${transfer.volume}: AWS does not take ${transfer.near.snapshot} for related to ${transfer.near.base}, so all ${listedBlocks} blocks of both are read, and those that differ are carried over`;
      await catalogue.addEvent(operation, startedAt, note);
    }
    await catalogue.updateTransfer(operation, transfer.id, {
      id: transfer.id,
      volume: transfer.volume,
      target,
      method,
      listedBlocks,
      changedBlocks: null,
      startedAt: startedAt.toISOString(),
      isCompleting: false,
      completedAt: null,
    });
  }
  return { target, method, units };
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

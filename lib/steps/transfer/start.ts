import { ebsClient } from '../../aws/clients.ts';
import { listChangedBlocks, startSnapshot } from '../../aws/blocks.ts';
import { tokenOf } from '../../aws/token.ts';
import { cutUnits, type Unit } from '../../domain/blocks.ts';
import type { Services } from '../services.ts';
import type { TransferItem } from './transfer.ts';

export interface StartedTransfer {
  readonly target: string;
  readonly changedBlocks: number;
  readonly units: readonly Unit[];
}

/** Lists what changed, starts the target snapshot on its parent, and cuts the work into units. Repeats give the same target. */
export async function start(services: Services, item: TransferItem): Promise<StartedTransfer> {
  const { plan, operation, transfer } = item;
  await services.proveEpoch(item);
  const changed: number[] = [];
  for await (const block of listChangedBlocks(services.client(ebsClient, transfer.near.region), transfer.near))
    changed.push(block.index);
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
  const before = await services.catalogue.transfer(operation, transfer.id);
  if (before === undefined) {
    const startedAt = services.now().toISOString();
    await services.catalogue.updateTransfer(operation, transfer.id, {
      id: transfer.id,
      volume: transfer.volume,
      target,
      changedBlocks: changed.length,
      startedAt,
      isCompleting: false,
      completedAt: null,
    });
  }
  return { target, changedBlocks: changed.length, units: cutUnits(changed) };
}

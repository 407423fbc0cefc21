import { createClients } from '../../lib/aws/clients.ts';
import { carryBySdk } from './baseline.ts';
import { carryRaw } from './bound.ts';
import { carryVolume } from './engine.ts';

/** Ways to carry the blocks of a volume; each runs in a process of its own. */
export const ways = ['sdk', 'engine', 'raw'] as const;
export type Way = (typeof ways)[number];

export interface Order {
  readonly way: Way;
  readonly port: number;
  readonly sizeGib: number;
  readonly changed: number;
}

/** Of this process alone, without its start and a first run that warms it up. */
export interface WayNumbers {
  readonly way: Way;
  readonly blocks: number;
  readonly cpuMsPerBlock: number;
  readonly blocksPerSecond: number;
  readonly peakRssMb: number;
}

process.once('message', (message) => {
  measure(message as Order).then(
    (numbers) => process.send?.(numbers, () => process.exit(0)),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function measure(order: Order): Promise<WayNumbers> {
  const carry = carrierOf(order);
  await carry();
  const [cpu, begun] = [process.cpuUsage(), process.hrtime.bigint()];
  const blocks = await carry();
  const { user, system } = process.cpuUsage(cpu);
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  return {
    way: order.way,
    blocks,
    cpuMsPerBlock: (user + system) / 1_000 / blocks,
    blocksPerSecond: blocks / seconds,
    peakRssMb: process.resourceUsage().maxRSS / 1_024,
  };
}

function carrierOf({ way, port, sizeGib, changed }: Order): () => Promise<number> {
  switch (way) {
    case 'sdk':
      return () => carryBySdk(sizeGib);
    case 'engine': {
      const client = createClients();
      return async () => (await carryVolume(client, sizeGib, 1)).blocks;
    }
    case 'raw': {
      const step = (sizeGib * 2_048) / changed;
      const indexes = Array.from({ length: changed }, (_, place) => Math.floor(place * step));
      return () => carryRaw(port, indexes);
    }
  }
}

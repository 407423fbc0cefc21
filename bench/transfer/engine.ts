import { completeSnapshot, startSnapshot } from '../../lib/aws/blocks.ts';
import { type Clients, ebsClient } from '../../lib/aws/clients.ts';
import type { UnitRecord } from '../../lib/domain/catalogue.ts';
import type { Services } from '../../lib/steps/services.ts';
import { countChanged, cutTransfer } from '../../lib/steps/transfer/list-blocks.ts';
import { move } from '../../lib/steps/transfer/move.ts';

const volume = 'db:/dev/sdf' as const;
const near = { region: 'us-west-2', base: 'snap-00000000000000001', snapshot: 'snap-00000000000000002' };
const far = { region: 'us-east-1', base: 'snap-00000000000000001' };

/** Services of one worker, as its Lambda has them; what units did is kept here and not in a table. */
function workerServices(client: Clients, units: Map<string, UnitRecord>): Services {
  const keyOf = ({ unit, first }: Pick<UnitRecord, 'unit' | 'first'>) => `${unit} ${first}`;
  const catalogue = {
    unit: (_operation: string, _transfer: string, part: UnitRecord) => Promise.resolve(units.get(keyOf(part))),
    addUnit: (_operation: string, _transfer: string, part: UnitRecord) => {
      units.set(keyOf(part), part);
      return Promise.resolve(true);
    },
    updateTransfer: () => Promise.resolve(),
    addEvent: () => Promise.resolve(),
  };
  return { client, catalogue, now: () => new Date(), proveEpoch: () => Promise.resolve() } as never;
}

export interface Carried {
  readonly blocks: number;
  /** Changed blocks that a listing found when all was done. */
  readonly verified: number | undefined;
}

/** Carries one volume from the listing to the verification through the steps, with `workers` side by side. */
export async function carryVolume(client: Clients, sizeGib: number, workers: number): Promise<Carried> {
  const units = new Map<string, UnitRecord>();
  const makers = Array.from({ length: workers }, () => workerServices(client, units));
  const [first] = makers;
  if (first === undefined) throw new Error('no workers');
  const { method, units: cut } = await cutTransfer(first, { ...near, sizeGib });
  const owner = { plan: 'bench', operation: 'bench', purpose: 'failback-base', step: 'round-1/db:/dev/sdf' };
  const request = {
    on: { parent: far.base },
    sizeGib,
    token: 'bench',
    owner: { ...owner, server: 'db', device: '/dev/sdf' },
  };
  const target = await startSnapshot(client(ebsClient, far.region), request);
  const transfer = { id: owner.step, volume, near, far, sizeGib, purpose: owner.purpose };
  const queue = cut.values();
  const work = async (services: Services) => {
    for (const unit of queue) {
      let rest = { ...unit, done: false };
      while (!rest.done)
        rest = await move(services, {
          plan: 'bench',
          operation: 'bench',
          epoch: 1,
          transfer,
          target,
          method,
          unit: rest,
        });
    }
  };
  await Promise.all(makers.map(work));
  const parts = [...units.values()].toSorted((a, b) => a.unit - b.unit || a.first - b.first);
  const blocks = parts.reduce((sum, part) => sum + part.blocks, 0);
  await completeSnapshot(
    client(ebsClient, far.region),
    target,
    blocks,
    Buffer.concat(parts.map(({ digests }) => digests)),
  );
  const verified = await countChanged(first, { ...far, snapshot: target, sizeGib });
  return { blocks, verified };
}

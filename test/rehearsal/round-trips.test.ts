import { CreateVolumeCommand } from '@aws-sdk/client-ec2';
import type { HttpRequest } from '@smithy/core/protocols';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ec2Client } from '../../lib/aws/clients.ts';
import { away, block, home, otherThan, type Region, TransferStage, type Wire } from './transfer-stage.ts';

/** Histories of one volume: what is written, trimmed and grown, round by round, while it goes there and back. */
const roundTripsMin = 5;
const histories = 3;

type Change =
  | { readonly kind: 'write'; readonly at: number; readonly fill: number; readonly isAtEnd: boolean }
  | { readonly kind: 'trim'; readonly at: number; readonly isAtEnd: boolean }
  | { readonly kind: 'grow' };

/** What happens to the block requests of a round: which of them, and how. */
interface Trouble {
  readonly kind: 'none' | 'reset before' | 'answer lost' | 'flipped' | 'throttled';
  readonly skip: number;
  readonly times: number;
}

interface Round {
  readonly changes: readonly Change[];
  readonly trouble: Trouble;
  /** Somebody puts another volume with the same bytes in its place: AWS lists no changes. */
  readonly isReplaced: boolean;
  /** Runs of each unit side by side. */
  readonly runs: number;
}

/** Few places, so that histories come back to them. */
const place = { at: fc.nat(5), isAtEnd: fc.boolean() };
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('write' as const), ...place, fill: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('trim' as const), ...place }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('grow' as const) }) },
);
const trouble = fc.record({
  kind: fc.constantFrom('none', 'reset before', 'answer lost', 'flipped', 'throttled'),
  skip: fc.nat(3),
  times: fc.integer({ min: 1, max: 2 }),
}) satisfies fc.Arbitrary<Trouble>;
const round: fc.Arbitrary<Round> = fc.record({
  changes: fc.array(change, { maxLength: 8 }),
  trouble,
  isReplaced: fc.nat(9).map((chance) => chance === 0),
  runs: fc.integer({ min: 1, max: 2 }),
});
/** A way: one to two rounds, after which the volume is rebuilt on the other side. Two ways are a trip there and back. */
const way = fc.array(round, { minLength: 1, maxLength: 2 });
const history = fc.array(way, { minLength: 2 * roundTripsMin, maxLength: 2 * roundTripsMin });

/** The volume as its user knows it: what was written where; all else is zeros. The oracle, which knows nothing of snapshots. */
class Written {
  sizeGib = 8;
  readonly fills = new Map<number, number>();

  indexOf({ at, isAtEnd }: { at: number; isAtEnd: boolean }): number {
    return isAtEnd ? this.sizeGib * 2_048 - 1 - at : at;
  }
}

class Trip {
  readonly stage: TransferStage;
  readonly written = new Written();
  #side: Region = away;
  #volume: string;
  /** The same content: on the side that serves, and on the other. */
  #twin = { near: '', far: '' };

  private constructor(stage: TransferStage) {
    this.stage = stage;
    this.#volume = stage.newVolume();
  }

  static async begin(): Promise<Trip> {
    const trip = new Trip(await TransferStage.open());
    // In place of what its image wrote there.
    trip.#change({ kind: 'write', at: 0, fill: 9, isAtEnd: false });
    const near = await trip.stage.snapshot(trip.#volume);
    trip.#twin = { near, far: await trip.stage.copyHome(near) };
    return trip;
  }

  get #ec2() {
    return this.stage.cloud.services(this.#side).ec2;
  }

  #change(each: Change): void {
    if (each.kind === 'grow') {
      this.written.sizeGib += 1;
      return this.#ec2.growVolume(this.#volume, this.written.sizeGib);
    }
    const index = this.written.indexOf(each);
    if (each.kind === 'trim') {
      this.written.fills.delete(index);
      return this.#ec2.discardBlock(this.#volume, index);
    }
    this.written.fills.set(index, each.fill);
    this.#ec2.writeBlocks(this.#volume, index, block(each.fill));
  }

  async round({ changes, trouble: met, isReplaced, runs }: Round): Promise<void> {
    for (const each of changes) this.#change(each);
    if (isReplaced) await this.#replace();
    const later = await this.stage.snapshot(this.#volume, this.#side);
    const { near: base, far: farBase } = this.#twin;
    const { sizeGib } = this.written;
    const { item, started } = await this.stage.begin({ from: this.#side, base, later, farBase, sizeGib });
    this.stage.wire = troubled(met);
    await this.stage.moveAll(item, started, runs);
    await this.stage.completeAll(item, started.target);
    this.stage.wire = (_, send) => send();
    this.#expectWritten(this.#side, later);
    this.#expectWritten(otherThan(this.#side), started.target);
    this.#twin = { near: later, far: started.target };
  }

  /** Every byte, and the size. */
  #expectWritten(region: Region, snapshot: string): void {
    const { sizeGib, blocks } = this.stage.cloud.services(region).ec2.contentOf(snapshot);
    expect([region, sizeGib]).toEqual([region, this.written.sizeGib]);
    for (const index of new Set([...blocks.keys(), ...this.written.fills.keys()])) {
      const wanted = block(this.written.fills.get(index) ?? 0);
      expect((blocks.get(index) ?? block(0)).equals(wanted), `block ${index} of ${snapshot} in ${region}`).toBe(true);
    }
  }

  async #create(region: Region, more: { SnapshotId?: string }): Promise<string> {
    const request = { AvailabilityZone: `${region}a`, Size: this.written.sizeGib, VolumeType: 'gp3', ...more } as const;
    const made = this.stage.services.client(ec2Client, region).send(new CreateVolumeCommand(request));
    const { VolumeId = '' } = await this.stage.clock.settle(made);
    await this.stage.clock.advance(60_000);
    return VolumeId;
  }

  async #replace(): Promise<void> {
    this.#volume = await this.#create(this.#side, {});
    for (const [index, fill] of this.written.fills) this.#ec2.writeBlocks(this.#volume, index, block(fill));
  }

  /** The volume is rebuilt on the other side, and serves there. */
  async crossOver(): Promise<void> {
    const { near, far } = this.#twin;
    this.#side = otherThan(this.#side);
    this.#volume = await this.#create(this.#side, { SnapshotId: far });
    this.#twin = { near: far, far: near };
  }

  get isAtHome(): boolean {
    return this.#side === home;
  }
}

const isOfBlock = ({ path, method }: HttpRequest) => /\/blocks\/\d+$/.test(path) && method !== 'POST';

/** Some block requests of a round go wrong. */
function troubled({ kind, skip, times }: Trouble): Wire {
  let seen = 0;
  return async (request, send) => {
    if (kind === 'none' || !isOfBlock(request)) return send();
    seen += 1;
    if (seen <= skip || seen > skip + times) return send();
    const broken = () => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    if (kind === 'reset before') throw broken();
    if (kind === 'flipped' && request.method === 'PUT') {
      const body = Buffer.from(request.body as Uint8Array);
      body[4_711] = (body[4_711] ?? 0) ^ 1;
      request.body = body;
      return send();
    }
    const answer = await send();
    if (kind === 'answer lost') throw broken();
    return answer;
  };
}

const property = fc.asyncProperty(history, async (ways) => {
  const trip = await Trip.begin();
  try {
    for (const rounds of ways) {
      for (const each of rounds) {
        const { kind, skip, times } = each.trouble;
        const added =
          kind === 'throttled' ? trip.stage.cloud.faults.add({ kind, service: 'ebs', skip, times }) : undefined;
        await trip.round(each);
        added?.remove();
      }
      await trip.crossOver();
    }
    expect(trip.isAtHome).toBe(false);
    expect(trip.stage.cloud.notModelled).toEqual([]);
  } finally {
    trip.stage.clock.uninstall();
  }
});

describe('I4: a volume that goes there and back', () => {
  it(
    `holds every byte that was written, on both sides, after each round of ${roundTripsMin} trips in a row`,
    { timeout: 120_000 },
    () => fc.assert(property, { numRuns: histories, seed: 20_260_105, endOnFailure: true }),
  );
});

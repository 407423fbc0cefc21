import { CopySnapshotCommand, CreateSnapshotCommand, CreateVolumeCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { RawTable } from '../../proof/raw-table.ts';
import { RightsRecord } from '../../proof/rights/record.ts';
import { unallowed } from '../../proof/rights/simulate.ts';
import { type Assembly, synthesize } from '../../rehearsal/deploy.ts';
import { placeWorld } from '../../rehearsal/place-world.ts';
import { Stage } from '../../rehearsal/stage.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import { outcomeOf, setSchedules, shop, smallShop, synthesisMs } from './shop-stage.ts';

const hour = 3_600;
const minute = 60_000;
const { automatic: _, ...failover } = shop.failover;

/** One server with three volumes, whose points may be hours old; for money it may have its copies in time. */
const depot: Plan = {
  ...shop,
  name: 'depot',
  servers: { store: { instance: 'i-0de00000000000009', wave: 1, health: { withinSeconds: 600 } } },
  traffic: [],
  failover,
  protection: { ...shop.protection, everySeconds: hour, rpoTargetSeconds: 2 * hour, timeBasedCopies: true },
};
const volume = { sizeGib: 8, writtenBlocks: 6, volumeType: 'gp3', isEncrypted: false };
const depotWorld = {
  servers: {
    store: { instanceType: 'm7i.large', volumes: { '/dev/xvda': volume, '/dev/sdf': volume, '/dev/sdg': volume } },
  },
  events: [],
};

let assembly: Assembly;
let stage: Stage;
let record: RightsRecord;
beforeAll(async () => {
  assembly = await synthesize([shop, depot], inject('bundle'));
}, synthesisMs);
afterAll(() => assembly.remove());
beforeEach(async () => {
  stage = await Stage.open({ plan: shop, world: smallShop, seed: 9, assembly: assembly.directory });
  placeWorld(stage.cloud, depot, depotWorld);
  record = new RightsRecord(stage.cloud);
  await setSchedules(stage, 'protect', 'DISABLED');
});
afterEach(async () => {
  stage.close();
  expect(await unallowed(record)).toEqual([]);
  expect(stage.cloud.notModelled).toEqual([]);
});

const home = shop.primary.region;
const away = shop.recovery.region;
const ec2 = (region: string) => stage.cloud.services(region).ec2;
const call = <Output>(sent: Promise<Output>) => stage.clock.settle(sent);
const start = (plan: string) => stage.start('protect', { plan });
const events = async () => (await call(new RawTable(stage).items())).filter(({ sk }) => sk.startsWith('EV#'));
/** What the plans' notes say that they wait for. */
const waiting = async () => {
  const notes = (await call(new RawTable(stage).items())).filter(({ pk }) => pk === 'COPIES');
  return Object.fromEntries(notes.map((note) => [note['plan'], note['waiting']]));
};

/** Copies of a plan's points, by when they were begun. */
function copiesOf(plan: string) {
  const isCopyOf = (tags: readonly { Key?: string | undefined; Value?: string | undefined }[]) =>
    tags.some(({ Key, Value }) => Key === 'homeward:plan' && Value === plan) &&
    tags.some(({ Key, Value }) => Key === 'homeward:purpose' && Value === 'recovery-point-copy');
  return [...ec2(away).state.snapshots.values()]
    .filter(({ tags, origin }) => origin === 'copy' && isCopyOf(tags))
    .toSorted((a, b) => a.startedAt - b.startedAt);
}

/** Another tool has places, all of them unless told otherwise; they become free one after the other, `everyMs` apart. */
async function occupy(everyMs: number, places = 20): Promise<void> {
  const client = (region: string) => new EC2Client(stage.cloud.clientConfig(region));
  const made = await call(
    client(home).send(new CreateVolumeCommand({ AvailabilityZone: `${home}a`, Size: 1, VolumeType: 'gp3' })),
  );
  await stage.clock.advance(minute);
  const { SnapshotId = '' } = await call(client(home).send(new CreateSnapshotCommand({ VolumeId: made.VolumeId })));
  await stage.clock.run(() => ec2(home).state.snapshots.get(SnapshotId)?.state === 'completed');
  ec2(away).timings.copyBaseMs = everyMs;
  const request = { SourceRegion: home, SourceSnapshotId: SnapshotId };
  await call(Promise.all(Array.from({ length: places }, () => client(away).send(new CopySnapshotCommand(request)))));
}

describe('places for copies', () => {
  it('are filled within seconds of becoming free', async () => {
    stage.close();
    const devices = Array.from({ length: 24 }, (_, number) => `/dev/sd${String.fromCodePoint(98 + number)}`);
    const volumes = Object.fromEntries(devices.map((device) => [device, { ...volume, writtenBlocks: 1 }]));
    const world = { servers: { store: { instanceType: 'm7i.large', volumes } }, events: [] };
    stage = await Stage.open({ plan: depot, world, seed: 9, assembly: assembly.directory });
    record = new RightsRecord(stage.cloud);
    const run = start('depot');
    await stage.clock.run(() => run.status !== 'RUNNING');
    expect(outcomeOf(run).status).toBe('SUCCEEDED');
    const copies = copiesOf('depot');
    const ends = copies.map(({ completedAt = 0 }) => completedAt).toSorted((a, b) => a - b);
    const waits = copies.slice(20).map(({ startedAt }, index) => startedAt - (ends[index] ?? 0));
    expect(waits).toHaveLength(4);
    expect(Math.max(...waits)).toBeLessThan(5_000);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
  });
});

describe('places for copies, where two plans want them', () => {
  it('go to the plan with less time left, though the other asked first, and to that when the first has its own', async () => {
    await occupy(3 * minute);
    const patient = start('depot');
    await stage.clock.advance(minute);
    const urgent = start('shop');
    await stage.clock.run(() => urgent.status !== 'RUNNING' && patient.status !== 'RUNNING');
    expect([outcomeOf(urgent).status, outcomeOf(patient).status]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    const [first, second] = [copiesOf('shop'), copiesOf('depot')];
    expect([first.length, second.length]).toEqual([6, 3]);
    // The places became free one by one, so had the depot taken any of them it would be among the first six.
    expect(Math.min(...second.map(({ startedAt }) => startedAt))).toBeGreaterThan(
      Math.max(...first.map(({ startedAt }) => startedAt)),
    );
    expect(await waiting()).toEqual({ depot: 0, shop: 0 });
  });

  it('are not kept for a run that died waiting', async () => {
    await occupy(100_000);
    const dying = start('shop');
    const patient = start('depot');
    await stage.clock.advance(minute);
    expect(await waiting()).toEqual({ depot: 3, shop: 6 });
    await call(stage.stop(dying));
    const since = stage.clock.now();
    await stage.clock.run(() => patient.status !== 'RUNNING');
    expect(outcomeOf(patient).status).toBe('SUCCEEDED');
    const begun = copiesOf('depot').map(({ startedAt }) => startedAt - since);
    const left = copiesOf('shop').filter(({ startedAt }) => startedAt >= since);
    expect([begun.length, left.length]).toEqual([3, 0]);
    // The note of the dead run counts for three minutes; a place has become free by then.
    expect(Math.min(...begun)).toBeLessThan(4.5 * minute);
    expect(await waiting()).toEqual({ depot: 0, shop: 6 });
  });
});

describe('the one place that is left', () => {
  it('is not taken by the manifests that are begun before the copies: those are written, not copied', async () => {
    await occupy(12 * minute, 19);
    ec2(away).timings.copyBaseMs = 1_000;
    const since = stage.clock.now();
    const both = [start('shop'), start('depot')];
    await stage.clock.run(() => both.every(({ status }) => status !== 'RUNNING'));
    expect(both.map((execution) => outcomeOf(execution).status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    expect(stage.clock.now() - since).toBeLessThan(12 * minute);
  });
});

describe('a plan that allows time-based copies', () => {
  const ended = async (plan: string) => outcomeOf(await call(stage.states.ended(start(plan).arn)));
  const newestVolumes = async () => {
    const point = (await call(stage.catalogue.points('depot'))).at(-1);
    return { point, volumes: Object.values(point?.servers['store']?.volumes ?? {}) };
  };

  /** The first copies take so long that the next point would come too late, were they to take as long again. */
  async function slowFirstPoint(): Promise<void> {
    ec2(away).timings.copyBaseMs = 80 * minute;
    expect((await ended('depot')).status).toBe('SUCCEEDED');
    expect(copiesOf('depot').map(({ timed }) => timed)).toEqual([undefined, undefined, undefined]);
  }

  it('has its copies in time where the target would be missed, as cheaply as that allows, and says what it costs', async () => {
    await slowFirstPoint();
    const first = (await newestVolumes()).point;
    expect((await ended('depot')).status).toBe('SUCCEEDED');
    const { point, volumes } = await newestVolumes();
    // Of the two hours some 82 minutes have gone when it begins: 30 minutes fit, 45 do not.
    expect(volumes.map(({ withinMinutes }) => withinMinutes)).toEqual([30, 30, 30]);
    expect(volumes.map(({ measured }) => measured?.seconds)).toEqual([1_800, 1_800, 1_800]);
    const age = Date.parse(point?.sealedAt ?? '') - Date.parse(first?.startedAt ?? '');
    expect(age).toBeLessThan(depot.protection.rpoTargetSeconds * 1_000);
    const told = (await events()).map((event) => String(event['text'])).join();
    expect(told).toContain('store:/dev/sdf is copied within 30 minutes, for $0.018 for each GiB');
  });

  it('has usual copies where AWS has none of its quota left, and says so', async () => {
    await slowFirstPoint();
    ec2(away).timings.timedCopiesBytesPerSecondMax = 0;
    expect((await ended('depot')).status).toBe('SUCCEEDED');
    expect((await newestVolumes()).volumes.map(({ withinMinutes }) => withinMinutes)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const told = (await events()).map((event) => String(event['text'])).join();
    expect(told).toMatch(/store:\/dev\/sdf is copied as fast as AWS can, though .*quota is used up/);
  });

  it('is alone in that: a plan that does not say so is never billed for one', async () => {
    ec2(away).timings.copyBaseMs = 40 * minute;
    for (let run = 0; run < 2; run += 1) expect((await ended('shop')).status).toBe('SUCCEEDED');
    expect(copiesOf('shop')).toHaveLength(12);
    expect(copiesOf('shop').every(({ timed }) => timed === undefined)).toBe(true);
  });
});

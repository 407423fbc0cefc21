import { DeleteSnapshotCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Operation, RecoveryPoint } from '../../lib/domain/catalogue.ts';
import { RawTable } from '../../proof/raw-table.ts';
import { replaceVolume } from '../../proof/replace-volume.ts';
import { reportFailback } from '../../rehearsal/report.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { changedIndexes } from '../../sim/blocks/content.ts';
import { openShop, outcomeOf, protectNow, setSchedules, shop } from './shop-stage.ts';

/** A volume that somebody put in the place of another one: AWS lists no changes between the two. */
const server = 'files';
const device = '/dev/sdf';
const key = `${server}:${device}`;
const home = shop.primary.region;
const away = shop.recovery.region;

let stage: Stage;
beforeEach(async () => {
  stage = await openShop(41);
  await setSchedules(stage, 'protect', 'DISABLED');
  await setSchedules(stage, 'measure', 'DISABLED');
  for (let run = 0; run < 2; run += 1) expect(outcomeOf(await protectNow(stage)).status).toBe('SUCCEEDED');
  expect(outcomeOf(await stage.run('failover')).status).toBe('SUCCEEDED');
});
afterEach(() => {
  expect(stage.cloud.notModelled).toEqual([]);
  stage.close();
});

const settle = <Value>(work: Promise<Value>) => stage.clock.settle(work);
const ec2 = (region: string) => stage.cloud.services(region).ec2;
const attached = (region: string) =>
  ec2(region)
    .volumesOf(stage.workload.instanceIn(region, server) ?? '')
    .get(device) ?? '';

/** The new one of `sizeGib` differs in two blocks. */
async function replace(region: string, size: { sizeGib?: number } = {}): Promise<void> {
  const volume = await replaceVolume(stage, { region, server, device }, size);
  const [first = 0] = ec2(region).contentOf(volume).blocks.keys();
  ec2(region).writeBlocks(volume, first, Buffer.alloc(524_288, 7));
  ec2(region).writeBlocks(volume, 1_000, Buffer.alloc(524_288, 8));
}

async function remove(region: string, SnapshotId: string): Promise<void> {
  await settle(new EC2Client(stage.cloud.clientConfig(region)).send(new DeleteSnapshotCommand({ SnapshotId })));
}

async function lastOperation(kind: string): Promise<Operation> {
  const all = (await settle(stage.catalogue.operations(shop.name))).filter((each) => each.kind === kind);
  const last = all.toSorted((a, b) => a.epoch - b.epoch).at(-1);
  if (last === undefined) throw new Error(`there was no ${kind}`);
  return last;
}

async function events(operation: string): Promise<string[]> {
  const items = await settle(new RawTable(stage).items());
  return items.filter(({ pk, sk }) => pk === `OP#${operation}` && sk.startsWith('EV#')).map(({ text }) => String(text));
}

const newestPoint = async () => (await settle(stage.catalogue.points(shop.name))).at(-1) as RecoveryPoint;

describe('a volume replaced in the recovery Region', () => {
  it('I4: comes home by comparison: every block that differs, and nothing else', async () => {
    await replace(away);
    expect(outcomeOf(await stage.run('failback', { plan: shop.name, estimateOnly: true })).status).toBe('SUCCEEDED');
    const { estimate } = await lastOperation('failback');
    expect(estimate?.volumes.filter(({ method }) => method === 'compare').map(({ volume }) => volume)).toEqual([key]);

    expect(outcomeOf(await stage.run('failback')).status).toBe('SUCCEEDED');
    const operation = await lastOperation('failback');
    const report = await settle(reportFailback(stage, operation));
    for (const { volume, changedBlocks, blocksMoved, contentMatches } of report.volumes)
      expect([volume, blocksMoved, contentMatches]).toEqual([volume, changedBlocks, true]);
    expect(report.volumes.find(({ volume }) => volume === key)?.blocksMoved).toBe(2);
    expect((await events(operation.id)).join()).toMatch(
      new RegExp(`${key}: AWS does not take snap-\\w+ for related to snap-\\w+, so all \\d+ blocks of both are read`),
    );
    // What comes next has a lineage again.
    expect(outcomeOf(await protectNow(stage)).status).toBe('SUCCEEDED');
    expect((await newestPoint()).servers[server]?.volumes[device]?.method).toBe('delta');
  });

  it('I4: comes home as a whole where nothing is left to build on, another by comparison with an older point, and protection goes on by deltas', async () => {
    const older = ['db', '/dev/sdf'] as const;
    const gone = ['web', '/dev/xvda'] as const;
    const snapshots = (await settle(stage.catalogue.points(shop.name))).map(
      ({ servers }) =>
        ([name, of]: readonly [string, string]) =>
          servers[name]?.volumes[of]?.snapshot ?? '',
    );
    // Smaller than what is at home; and at home one lacks its newest image, another all of them.
    await replace(away, { sizeGib: ec2(away).contentOf(attached(away)).sizeGib - 1 });
    for (const of of snapshots) await remove(home, of(gone));
    await remove(home, snapshots.at(-1)?.(older) ?? '');
    expect(outcomeOf(await stage.run('failback', { plan: shop.name, estimateOnly: true })).status).toBe('SUCCEEDED');
    const { estimate } = await lastOperation('failback');
    const ways = estimate?.volumes
      .filter(({ method }) => method !== 'delta')
      .map((each) => [each.volume, each] as const);
    expect(Object.fromEntries(ways ?? [])).toEqual({
      [key]: expect.objectContaining({
        method: 'native-full',
        lost: expect.stringMatching(/another one than before, and smaller/),
      }),
      'web:/dev/xvda': expect.objectContaining({
        method: 'native-full',
        lost: `${snapshots.at(-1)?.(gone)} in ${home} is gone`,
      }),
      'db:/dev/sdf': expect.objectContaining({ method: 'compare' }),
    });

    expect(outcomeOf(await stage.run('failback')).status).toBe('SUCCEEDED');
    const { id, swapped } = await lastOperation('failback');
    const twins = (await settle(stage.catalogue.twins(shop.name))).filter(({ operation }) => operation === id);
    const said = (await events(id)).join();
    expect(
      twins
        .filter(({ method }) => method === 'native-full')
        .map((twin) => [twin.volume, twin.isCopiedHome])
        .toSorted(),
    ).toEqual([
      [key, true],
      ['web:/dev/xvda', true],
    ]);
    for (const volume of [key, 'web:/dev/xvda'])
      expect(said).toMatch(new RegExp(`${volume}: AWS copies snap-\\w+ as a whole to ${home}`));
    for (const volume of [key, 'web:/dev/xvda', 'db:/dev/sdf'] as const) {
      const last = twins
        .filter((twin) => twin.volume === volume)
        .toSorted((a, b) => a.madeAt.localeCompare(b.madeAt))
        .at(-1);
      expect(last?.primaryVolume).toBe(swapped[volume]?.new);
      const [there, here] = [
        ec2(away).contentOf(last?.recoverySnapshot ?? ''),
        ec2(home).contentOf(last?.primarySnapshot ?? ''),
      ];
      expect([here.sizeGib, changedIndexes(here, there)]).toEqual([there.sizeGib, []]);
    }
    const { copied } = ec2(away).bytesMoved;
    expect(outcomeOf(await protectNow(stage)).status).toBe('SUCCEEDED');
    const images = Object.values((await newestPoint()).servers).flatMap(({ volumes }) => Object.values(volumes));
    expect(new Set(images.map(({ method }) => method))).toEqual(new Set(['delta']));
    expect(ec2(away).bytesMoved.copied).toBe(copied);
  });
});

describe('a volume replaced at home', () => {
  it('is compared while its images go by delta and little changes, and has the same bytes on the other side', async () => {
    expect(outcomeOf(await stage.run('failback')).status).toBe('SUCCEEDED');
    for (let run = 0; run < 3; run += 1) expect(outcomeOf(await protectNow(stage)).status).toBe('SUCCEEDED');
    await replace(home);
    const copied = ec2(away).bytesMoved.copied;
    expect(outcomeOf(await protectNow(stage)).status).toBe('SUCCEEDED');
    expect(ec2(away).bytesMoved.copied).toBe(copied);

    const point = await newestPoint();
    const volume = point.servers[server]?.volumes[device];
    expect(volume).toMatchObject({ method: 'compare', measured: { bytes: 2 * 524_288 } });
    const [there, here] = [ec2(away).contentOf(volume?.copy ?? ''), ec2(home).contentOf(volume?.snapshot ?? '')];
    expect(changedIndexes(here, there)).toEqual([]);
    expect((await events(point.operation)).join()).toMatch(
      new RegExp(`${key}: the last twin belongs to volume vol-\\w+, not to vol-\\w+: both images are read`),
    );
    expect(outcomeOf(await protectNow(stage)).status).toBe('SUCCEEDED');
    expect((await newestPoint()).servers[server]?.volumes[device]?.method).toBe('delta');
  });
});

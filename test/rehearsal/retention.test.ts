import {
  DeleteSnapshotCommand,
  DescribeLockedSnapshotsCommand,
  EC2Client,
  type LockedSnapshotsInfo,
  LockSnapshotCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecoveryPoint } from '../../lib/domain/catalogue.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import type { RightsRecord } from '../../proof/rights/record.ts';
import { unallowed } from '../../proof/rights/simulate.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { openPlan, outcomeOf, setSchedules, shop, smallShop, synthesisMs } from './shop-stage.ts';

const { automatic: _, ...failover } = shop.failover;
const hour = 3_600;
const dayMs = 86_400_000;
const none = { latest: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, minimumAgeSeconds: 0 };

/** One server, a point at nine in the morning and at nine in the evening, and what is kept of them; copies are locked for a day. */
const calendar: Plan = {
  ...shop,
  name: 'calendar',
  servers: { web: { ...shop.servers['web'], wave: 1 } as Plan['servers'][string] },
  traffic: [],
  failover,
  protection: {
    everySeconds: 12 * hour,
    rpoTargetSeconds: 24 * hour,
    retention: {
      ...none,
      latest: 2,
      daily: 3,
      weekly: 3,
      monthly: 2,
      minimumAgeSeconds: 24 * hour,
      lock: { mode: 'governance', days: 1 },
    },
  },
};
const world = { ...smallShop, servers: { web: smallShop.servers['web'] as (typeof smallShop.servers)[string] } };

let close: () => void;
let stage: Stage;
let record: RightsRecord;
beforeAll(async () => {
  ({ stage, record, close } = await openPlan(calendar, world, 8));
  // Nothing here looks at the metrics of a month.
  await setSchedules(stage, 'measure', 'DISABLED');
}, synthesisMs);
afterAll(() => close());

const points = () => stage.clock.settle(stage.catalogue.points(calendar.name));
const operations = () => stage.clock.settle(stage.catalogue.operations(calendar.name));
const snapshotsIn = (region: string) =>
  stage.cloud
    .services(region)
    .ec2.allResources()
    .filter(({ kind, tags }) => kind === 'snapshot' && tags['homeward:purpose'] !== 'manifest')
    .map(({ id }) => id)
    .toSorted();

/** The EC2 of a Region, as a person asks it. */
const ec2 = (region: string) => new EC2Client(stage.cloud.clientConfig(region));

async function locked(region: string): Promise<Map<string, LockedSnapshotsInfo>> {
  const { Snapshots = [] } = await stage.clock.settle(ec2(region).send(new DescribeLockedSnapshotsCommand({})));
  return new Map(Snapshots.map((lock) => [lock.SnapshotId ?? '', lock]));
}

function copiesOf(point: RecoveryPoint | undefined): string[] {
  return Object.values(point?.servers['web']?.volumes ?? {}).map(({ copy }) => copy ?? '');
}

describe('I3, I8: a month of points', () => {
  it('leaves those that the plan keeps, whole in both Regions, and nothing else', async () => {
    const end = Date.parse('2026-02-04T00:00:00Z');
    while (stage.clock.now() < end) await stage.clock.advance(Math.min(dayMs, end - stage.clock.now()));
    const left = await points();
    expect(left.map(({ startedAt }) => startedAt.slice(0, 16))).toEqual([
      '2026-01-25T21:00', // of the week before last
      '2026-01-31T21:00', // of January
      '2026-02-01T21:00', // of last week
      '2026-02-02T21:00', // of yesterday
      '2026-02-03T09:00', // the last but one
      '2026-02-03T21:00',
    ]);
    expect(new Set(left.map(({ status }) => status))).toEqual(new Set(['available']));
    const volumes = left.flatMap(({ servers }) => Object.values(servers['web']?.volumes ?? {}));
    expect(volumes).toHaveLength(12);
    expect(snapshotsIn(calendar.primary.region)).toEqual(volumes.map(({ snapshot }) => snapshot).toSorted());
    expect(snapshotsIn(calendar.recovery.region)).toEqual(volumes.map(({ copy }) => copy).toSorted());
    expect(new Set(stage.executions('protect').map(({ status }) => status))).toEqual(new Set(['SUCCEEDED']));
  }, 300_000);

  it('has locked every copy, and nobody can delete the ones of the last day', async () => {
    const locks = await locked(calendar.recovery.region);
    expect([...locks.keys()].toSorted()).toEqual(snapshotsIn(calendar.recovery.region));
    expect(await locked(calendar.primary.region)).toEqual(new Map());
    const [copy = ''] = copiesOf((await points()).at(-1));
    expect(locks.get(copy)).toMatchObject({ LockState: 'governance', LockDuration: 1 });
    const remove = ec2(calendar.recovery.region).send(new DeleteSnapshotCommand({ SnapshotId: copy }));
    await expect(stage.clock.settle(remove)).rejects.toThrow(/is locked/);
  });

  it('keeps a point of which somebody locked a snapshot whole until the lock is over, and no run fails for it', async () => {
    const held = (await points()).find(({ startedAt }) => startedAt.startsWith('2026-02-03T09'));
    const SnapshotId = Object.values(held?.servers['web']?.volumes ?? {})[0]?.snapshot ?? '';
    const lock = new LockSnapshotCommand({ SnapshotId, LockMode: 'compliance', LockDuration: 2 });
    await stage.clock.settle(ec2(calendar.primary.region).send(lock));
    const before = stage.executions('protect').length;
    await stage.clock.advance(1.9 * dayMs);
    expect((await points()).find(({ id }) => id === held?.id)).toMatchObject({ status: 'available' });
    expect(copiesOf(held).every((copy) => snapshotsIn(calendar.recovery.region).includes(copy))).toBe(true);
    await stage.clock.advance(dayMs);
    expect((await points()).map(({ id }) => id)).not.toContain(held?.id);
    expect(snapshotsIn(calendar.primary.region)).not.toContain(SnapshotId);
    const runs = stage.executions('protect').slice(before);
    expect(runs.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 'SUCCEEDED'));
  });

  it('has a point even where AWS refuses to lock it, and says so', async () => {
    stage.cloud.faults.add({ kind: 'refused', operation: 'LockSnapshot', caller: 'ProtectSeal', times: 99 });
    const run = outcomeOf(await stage.runUnskipped('protect'));
    expect(run).toMatchObject({ status: 'FAILED', error: 'AwsRefused' });
    expect(run.message).toMatch(/^Cannot lock snapshot snap-/);
    const last = (await points()).at(-1);
    expect(last).toMatchObject({ status: 'available' });
    expect((await locked(calendar.recovery.region)).has(copiesOf(last)[0] ?? '')).toBe(false);
  });

  it('can be failed over to one of them as of its time', async () => {
    const input = { plan: calendar.name, recoveryPoint: { asOf: '2026-02-02T09:00:00Z' } };
    expect(outcomeOf(await stage.run('failover', input))).toMatchObject({ status: 'SUCCEEDED' });
    const done = (await operations()).find(({ kind }) => kind === 'failover');
    expect(done?.recoveryPoint).toMatch(/^rp-20260201T2100/);
  });

  it('asked of no role what it may not do', async () => {
    expect(await unallowed(record)).toEqual([]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../lib/domain/plan.ts';
import { type Assembly, synthesize } from '../../rehearsal/deploy.ts';
import { Stage } from '../../rehearsal/stage.ts';
import { outcomeOf, shop, smallShop } from './shop-stage.ts';

const { automatic: _, ...failover } = shop.failover;
const hour = 3_600;
const dayMs = 86_400_000;
const none = { latest: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, minimumAgeSeconds: 0 };

/** Synthesizing takes longest of all here. */
const synthesisMs = 300_000;

/** One server, a point at nine in the morning and at nine in the evening, and what is kept of them. */
const calendar: Plan = {
  ...shop,
  name: 'calendar',
  servers: { web: { ...shop.servers['web'], wave: 1 } as Plan['servers'][string] },
  traffic: [],
  failover,
  protection: {
    everySeconds: 12 * hour,
    rpoTargetSeconds: 24 * hour,
    retention: { ...none, latest: 2, daily: 3, weekly: 3, monthly: 2 },
  },
};
const world = { ...smallShop, servers: { web: smallShop.servers['web'] as (typeof smallShop.servers)[string] } };

let assembly: Assembly;
let stage: Stage;
beforeAll(async () => {
  assembly = synthesize([calendar]);
  stage = await Stage.open({ plan: calendar, world, seed: 8, assembly: assembly.directory });
}, synthesisMs);
afterAll(() => {
  stage.close();
  assembly.remove();
});

const points = () => stage.clock.settle(stage.catalogue.points(calendar.name));
const operations = () => stage.clock.settle(stage.catalogue.operations(calendar.name));
const snapshotsIn = (region: string) =>
  stage.cloud
    .services(region)
    .ec2.allResources()
    .filter(({ kind }) => kind === 'snapshot')
    .map(({ id }) => id)
    .toSorted();

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
  }, 300_000);

  it('can be failed over to one of them as of its time', async () => {
    const input = { plan: calendar.name, recoveryPoint: { asOf: '2026-01-26T09:00:00Z' } };
    expect(outcomeOf(await stage.run('failover', input))).toMatchObject({ status: 'SUCCEEDED' });
    const done = (await operations()).find(({ kind }) => kind === 'failover');
    expect(done?.recoveryPoint).toMatch(/^rp-20260125T2100/);
  });
});

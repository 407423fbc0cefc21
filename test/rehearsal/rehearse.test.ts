import { describe, expect, inject, it } from 'vitest';
import { defaultWorld } from '../../rehearsal/default-world.ts';
import { rehearse } from '../../rehearsal/rehearse.ts';
import type { Report } from '../../rehearsal/report.ts';
import { brokenPromises, plainView, summaryOf } from '../../rehearsal/view.ts';
import { readWorldFile, type World } from '../../rehearsal/world.ts';
import { shop, smallShop } from './shop-stage.ts';

const nobody = plainView(() => {});
const day: World = {
  ...smallShop,
  events: [
    {
      atSeconds: 60,
      everySeconds: 120,
      times: 20,
      action: { kind: 'write', server: 'db', device: '/dev/sdf', blocks: 2 },
    },
    { atSeconds: 400, everySeconds: 0, times: 1, action: { kind: 'outage' } },
    {
      atSeconds: 1_500,
      everySeconds: 0,
      times: 1,
      action: { kind: 'grow', server: 'db', device: '/dev/sdf', toGib: 9 },
    },
    { atSeconds: 1_800, everySeconds: 0, times: 1, action: { kind: 'return' } },
    { atSeconds: 2_000, everySeconds: 0, times: 1, action: { kind: 'failback' } },
  ],
};

describe('a rehearsal', () => {
  it('measures a disaster and the way home, the same for the same seed', async () => {
    const rehearsal = { plan: shop, world: day, seed: 42, assembly: inject('shopAssembly') };
    const [first, second] = [await rehearse(rehearsal, nobody), await rehearse(rehearsal, nobody)];
    expect({ ...first, wallSeconds: 0 }).toEqual({ ...second, wallSeconds: 0 });
    expect(brokenPromises(shop, first)).toEqual([]);
    expect(first.failover).toMatchObject({
      outcome: 'succeeded',
      primaryCalls: 0,
      trigger: expect.stringMatching(/^alarm /),
    });
    expect(first.failover?.recoveryPoint).toBe(first.points[0]?.id);
    expect(first.failback?.volumes).toHaveLength(6);
    const changed = first.failback?.volumes.map(({ volume, changedBlocks }) => [volume, changedBlocks > 0]);
    expect(Object.fromEntries(changed ?? [])).toMatchObject({ 'db:/dev/sdf': true, 'web:/dev/xvda': false });
    expect(first.interruptions).toHaveLength(2);
    expect(first.leftovers).toEqual([]);
  }, 120_000);
});

describe('what a rehearsal says was broken', () => {
  const good: Report = {
    seed: 1,
    points: [],
    operations: [],
    failover: null,
    failback: {
      operation: 'f',
      outcome: 'succeeded',
      estimate: null,
      pauseSeconds: 60,
      rounds: [],
      traffic: [],
      volumes: [{ volume: 'db:/dev/sdf', totalBlocks: 9, changedBlocks: 3, blocksMoved: 3, contentMatches: true }],
    },
    interruptions: [],
    leftovers: [],
    virtualSeconds: 1,
    wallSeconds: 1,
  };
  const volume = (change: object) => ({
    ...good,
    failback: good.failback && {
      ...good.failback,
      volumes: good.failback.volumes.map((each) => ({ ...each, ...change })),
    },
  });

  it.each([
    ['nothing', good, []],
    ['a block that was not moved', volume({ blocksMoved: 2 }), ['I4: db:/dev/sdf moved 2 blocks, 3 had changed']],
    ['bytes that differ', volume({ contentMatches: false }), ['I4: the content of db:/dev/sdf came home different']],
    [
      'something left over',
      { ...good, leftovers: ['eu-west-1 volume vol-1 (untagged)'] },
      ['I8: nobody answers for eu-west-1 volume vol-1 (untagged)'],
    ],
    [
      'an operation that failed, whatever came after it',
      { ...good, operations: [{ kind: 'failover', status: 'FAILED', cause: 'LaunchFailed: no room' }] },
      ['failover FAILED: LaunchFailed: no room'],
    ],
    [
      'users who are never served again',
      { ...good, interruptions: [{ from: '2026-01-05T09:18:00.000Z', until: null }] },
      ['users without service since 09:18:00, to the end'],
    ],
    [
      'a pause longer than the plan allows',
      { ...good, failback: good.failback && { ...good.failback, pauseSeconds: 901 } },
      ['failback.pauseLimit: 15 min 1 s, the plan says 15 min 0 s'],
    ],
  ] satisfies [string, Report, string[]][])('%s', (_name, report, broken) => {
    expect(brokenPromises(shop, report)).toEqual(broken);
    expect(summaryOf(report).length).toBeGreaterThan(2);
  });
});

describe('a world file', () => {
  const servers = `servers:
  db: { volumes: { /dev/xvda: { size: 8 GiB } } }
  files: { volumes: { /dev/xvda: { size: 8 GiB } } }
  web: { type: t3.medium, volumes: { /dev/xvda: { size: 8 GiB, written: 2 MiB, encrypted: true } } }
`;

  it('reads sizes and durations as people write them', () => {
    const reading = readWorldFile(
      'w.yaml',
      `${servers}events:\n  - { at: 2 minutes, write: { server: web, device: /dev/xvda, size: 1 MiB } }\n`,
      shop,
    );
    expect(reading).toMatchObject({
      kind: 'read',
      value: {
        servers: {
          web: {
            instanceType: 't3.medium',
            volumes: { '/dev/xvda': { sizeGib: 8, writtenBlocks: 4, isEncrypted: true } },
          },
        },
        events: [
          { atSeconds: 120, times: 1, action: { kind: 'write', server: 'web', device: '/dev/xvda', blocks: 2 } },
        ],
      },
    });
  });

  it.each([
    [
      'a volume that cannot hold what is written on it',
      servers.replace('written: 2 MiB', 'written: 9 GiB'),
      4,
      'servers.web.volumes./dev/xvda.written',
      /does not fit/,
    ],
    [
      'a volume that shrinks',
      `${servers}events:\n  - { at: 1 minute, grow: { server: db, device: /dev/xvda, to: 4 GiB } }\n`,
      6,
      'events.0.grow.to',
      /volumes cannot shrink\. Write 8 GiB or more\./,
    ],
    [
      'a size that is none',
      servers.replace('2 MiB', '2 MB'),
      4,
      'servers.web.volumes./dev/xvda.written',
      /is not a size in whole blocks/,
    ],
    [
      'a volume of half a GiB',
      servers.replace('size: 8 GiB', 'size: 512 MiB'),
      2,
      'servers.db.volumes./dev/xvda.size',
      /whole GiB/,
    ],
    [
      'a server the plan does not have',
      servers.replace('  web:', '  shop:'),
      4,
      'servers.shop',
      /is not a server of plan shop\. Servers: db, files, web\./,
    ],
    [
      'an event without an action',
      `${servers}events:\n  - { at: 1 minute }\n`,
      6,
      'events.0',
      /must say one thing that happens/,
    ],
    [
      'a device that is not there',
      `${servers}events:\n  - { at: 1 minute, discard: { server: db, device: /dev/sdz, size: 1 MiB } }\n`,
      6,
      'events.0.discard.device',
      /is no volume of server db\. Volumes: \/dev\/xvda\./,
    ],
  ])('names line and field of %s', (_name, text, line, field, message) => {
    const reading = readWorldFile('w.yaml', text, shop);
    if (reading.kind === 'read') throw new Error('must be refused');
    expect(reading.problems).toContainEqual(
      expect.objectContaining({ line, field, message: expect.stringMatching(message) }),
    );
  });

  it('may be left out: one is derived that loses the Region between points and comes home', () => {
    const { servers: derived, events } = defaultWorld(shop);
    expect(Object.keys(derived)).toEqual(Object.keys(shop.servers));
    expect(events.map(({ action }) => action.kind)).toEqual([
      'write',
      'write',
      'write',
      'outage',
      'return',
      'failback',
    ]);
    const { automatic: _, ...manual } = shop.failover;
    const kinds = defaultWorld({ ...shop, failover: manual }).events.map(({ action }) => action.kind);
    expect(kinds.slice(3)).toEqual(['outage', 'failover', 'return', 'failback']);
  });
});

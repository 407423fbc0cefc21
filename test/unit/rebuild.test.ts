import { describe, expect, it } from 'vitest';
import type { PlanState } from '../../lib/domain/catalogue.ts';
import { newOperation, newState } from '../../lib/domain/new-items.ts';
import { type Manifest, manifestOf, manifestSchema } from '../../lib/domain/manifest.ts';
import { type KeptManifest, type PresentSnapshot, rebuild, type Remains } from '../../lib/domain/rebuild.ts';
import { point, twin } from './fixtures.ts';

const now = new Date('2026-01-06T00:00:00.000Z');
const nowSeconds = 1_767_657_600;

const home: PlanState = { ...newState('shop'), epoch: 7 };
const away: PlanState = {
  ...home,
  phase: 'recovered',
  activeSite: 'recovery',
  failover: 'failover-1',
  commit: 'failover-1',
  fence: { site: 'primary', status: 'confirmed', since: '2026-01-05T10:30:00.000Z' },
};

function operation(id: string, recoveryPoint: string | null) {
  const [kind = 'protect'] = id.split('-') as ['protect' | 'failover' | 'failback'];
  const startedAt = '2026-01-05T10:00:00.000Z';
  return newOperation({ plan: 'shop', id, kind, epoch: 7, trigger: 'operator', startedAt, recoveryPoint });
}

/** The manifest of the protect run of minute `minute`, as it was kept half a minute later. */
function protectRun(minute: number, change: Partial<Manifest> = {}): KeptManifest {
  const keptAt = new Date(Date.UTC(2026, 0, 5, 10, minute, 30)).toISOString();
  const made = operation(`protect-${minute}`, point(minute).id);
  const manifest: Manifest = {
    version: 1,
    state: home,
    operation: made,
    point: point(minute),
    twins: [twin(minute)],
    ...change,
  };
  return { snapshot: `snap-m${minute}`, keptAt, manifest };
}

function failover(minute: number, from: number): KeptManifest {
  const made = operation('failover-1', point(from).id);
  return protectRun(minute, { state: away, operation: made, point: null, twins: [] });
}

function present(...snapshots: [id: string, minute: number, state?: PresentSnapshot['state']][]) {
  return new Map<string, PresentSnapshot>(
    snapshots.map(([id, minute, state = 'completed']) => [id, { id, state, operation: `protect-${minute}` }]),
  );
}

/** A snapshot that says nothing of its operation. */
function untagged(id: string): [string, PresentSnapshot] {
  return [id, { id, state: 'completed' }];
}

function remains(manifests: readonly KeptManifest[], change: Partial<Remains> = {}): Remains {
  return {
    manifests,
    copies: present(['snap-r1', 1], ['snap-r2', 2]),
    sources: present(['snap-p1', 1], ['snap-p2', 2]),
    servers: [],
    ...change,
  };
}

const two = [protectRun(2), protectRun(1)];

describe('a rebuild', () => {
  it('restores points, the last twin of each volume and their operations, which end when their manifests were kept', () => {
    const { points, twins, operations, left, doubts } = rebuild(remains(two), now, 0);
    expect(points).toEqual([point(1), point(2)]);
    expect(twins).toEqual([twin(2)]);
    expect(operations.map(({ id, endedAt }) => [id, endedAt])).toEqual([
      ['protect-1', '2026-01-05T10:01:30.000Z'],
      ['protect-2', '2026-01-05T10:02:30.000Z'],
    ]);
    expect([left, doubts]).toEqual([[], []]);
  });

  it('gives an epoch that nobody has used', () => {
    expect(rebuild(remains(two), now, 0).state).toEqual({ ...home, epoch: nowSeconds });
    const homes = { db: { instance: 'i-2', formerly: ['i-1'] } };
    const moved = [...two, protectRun(9, { state: { ...home, homes } })];
    expect(rebuild(remains(moved), now, 0).state.homes).toEqual(homes);
    expect(rebuild(remains(two), now, nowSeconds + 5).state.epoch).toBe(nowSeconds + 6);
    expect(rebuild(remains(two), new Date(0), 0).state.epoch).toBe(8);
  });

  it('leaves out a point that has lost a copy, or whose copy is another one or not complete, and says which', () => {
    const copies = new Map([...present(['snap-r1', 1, 'error'], ['snap-r2', 1]), untagged('snap-r3')]);
    const all = [1, 2, 3, 4].map((minute) => protectRun(minute, { twins: [] }));
    const { points, operations, left } = rebuild(remains(all, { copies, sources: undefined }), now, 0);
    expect([points, operations]).toEqual([[], []]);
    expect(left).toEqual([
      `point ${point(1).id}: copy of web:/dev/xvda snap-r1 is error`,
      `point ${point(2).id}: copy of web:/dev/xvda snap-r2 says of itself to be of protect-1`,
      `point ${point(3).id}: copy of web:/dev/xvda snap-r3 says of itself to be of no operation`,
      `point ${point(4).id}: copy of web:/dev/xvda snap-r4 is gone`,
      '(no operation): it has no manifest; its 0 snapshots in the primary and 1 in the recovery Region stay',
    ]);
  });

  it('restores a point without its source, whose way home it misses, and the twin before', () => {
    const { points, twins, left } = rebuild(remains(two, { sources: present(['snap-p1', 1]) }), now, 0);
    expect(points).toEqual([point(1), point(2)]);
    expect(twins).toEqual([twin(1)]);
    expect(left.join()).toMatch(
      /the way home of point rp-20260105T100200Z.*snapshot of web:\/dev\/xvda snap-p2 is gone/,
    );
    expect(left.join()).toContain('twin of web:/dev/xvda of rp-20260105T100200Z-aaaaaa: snap-p2 is gone');
  });

  it('takes what a silent primary Region holds to be there', () => {
    const { points, twins, left } = rebuild(remains(two, { sources: undefined }), now, 0);
    expect([points, twins, left]).toEqual([[point(1), point(2)], [twin(2)], []]);
  });

  it('believes the older of two manifests of one operation', () => {
    const copied = { ...protectRun(1, { state: away }), snapshot: 'snap-copied', keptAt: '2026-01-05T12:00:00.000Z' };
    const { state, left } = rebuild(remains([copied, ...two]), now, 0);
    expect(state.activeSite).toBe('primary');
    expect(left).toEqual(['manifest snap-copied: protect-1 has an older one, snap-m1, which counts']);
  });

  it('pins the point that a failover launched from, and keeps failovers whose point is gone', () => {
    const servers = [{ instance: 'i-1', operation: 'failover-1', isRunning: true }];
    const pinned = rebuild(remains([...two, failover(3, 1)], { servers }), now, 0);
    expect(pinned.points).toEqual([point(1, { pins: ['failover-1'] }), point(2)]);
    expect(pinned.state).toEqual({ ...away, epoch: nowSeconds });
    expect(pinned.doubts).toEqual([]);
    const alone = rebuild(remains([failover(3, 9)], { servers }), now, 0);
    expect(alone.operations.map(({ id }) => id)).toEqual(['failover-1']);
  });

  it('names snapshots that no manifest explains, and never a manifest', () => {
    const copies = new Map([...present(['snap-r1', 1], ['snap-r2', 2], ['snap-r8', 8]), untagged('snap-x')]).set(
      'snap-m',
      { id: 'snap-m', state: 'completed', operation: 'protect-9', purpose: 'manifest' },
    );
    const sources = present(['snap-p1', 1], ['snap-p2', 2], ['snap-p8', 8], ['snap-p9', 8]);
    expect(rebuild(remains(two, { copies, sources }), now, 0).left).toEqual([
      'protect-8: it has no manifest; its 2 snapshots in the primary and 1 in the recovery Region stay',
      '(no operation): it has no manifest; its 0 snapshots in the primary and 1 in the recovery Region stay',
    ]);
  });

  it('doubts where production runs when servers say otherwise', () => {
    const running = { instance: 'i-1', operation: 'failover-9', isRunning: true };
    const stopped = { instance: 'i-2', operation: 'failover-1', isRunning: false };
    expect(rebuild(remains(two, { servers: [running, stopped] }), now, 0).doubts).toEqual([
      'i-1 of failover-9 runs in the recovery Region, and by the manifests production does not run there behind it',
    ]);
    expect(rebuild(remains([failover(3, 1)], { servers: [stopped] }), now, 0).doubts).toEqual([
      'no server of failover-1 runs, behind which production runs by the manifests',
    ]);
    const unknown = protectRun(3, { state: away, point: null, twins: [], operation: operation('failback-1', null) });
    expect(rebuild(remains([unknown], { servers: [] }), now, 0).doubts[0]).toBe(
      'failover-1, behind which production runs, has no manifest',
    );
  });

  it('needs a manifest', () => {
    expect(() => rebuild(remains([]), now, 0)).toThrow(RangeError);
  });
});

describe('a manifest', () => {
  const lease = {
    operation: 'failover-1',
    kind: 'failover' as const,
    execution: 'arn:x',
    until: '2026-01-05T11:00:00.000Z',
  };

  it('holds what its operation leaves: the plan at rest, its own point and twins, and no others', () => {
    const facts = { operation: operation('protect-1', point(1).id), twins: [twin(1), twin(2)] };
    const kept = manifestOf({ ...facts, state: home, point: point(1) });
    expect(kept).toMatchObject({ point: point(1), twins: [twin(1)] });
    expect(kept.operation).toMatchObject({ outcome: 'succeeded', progression: 'closed', endedAt: null });
    expect(manifestOf({ ...facts, state: home, point: point(2) }).point).toBeNull();
    const left: PlanState = { ...away, phase: 'failing-over', lease, restingSince: '2026-01-05T10:00:00.000Z' };
    const made = operation('failover-1', point(1).id);
    expect(manifestOf({ state: left, operation: made, point: undefined, twins: [] }).state).toEqual(away);
  });

  it('is refused when its parts do not belong together', () => {
    const { manifest } = protectRun(1);
    const problems = (change: object) =>
      manifestSchema.safeParse({ ...manifest, ...change }).error?.issues.map(({ path, message }) => [path[0], message]);
    expect(problems({})).toBeUndefined();
    expect(problems({ point: null, twins: [] })).toBeUndefined();
    expect(problems({ state: { ...home, plan: 'bakery' } })).toEqual([['state', 'is of another plan']]);
    expect(problems({ point: point(2) })).toEqual([['point', 'is of another operation']]);
    expect(problems({ twins: [twin(2)] })).toEqual([['twins', 'are of another operation']]);
    const held = { ...home, lease: { ...lease, operation: 'protect-1', kind: 'protect' } };
    expect(problems({ state: held })).toEqual([['state', 'names a holder']]);
  });
});

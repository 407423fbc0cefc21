import { describe, expect, it } from 'vitest';
import {
  type Operation,
  type PlanState,
  planStateSchema,
  type PointVolume,
  recoveryPointSchema,
} from '../../lib/domain/catalogue.ts';
import { newOperation, newState } from '../../lib/domain/new-items.ts';
import { doubtOf, type Evidence, type TaggedSnapshot } from '../../lib/domain/doubt.ts';
import { type PlanEvent, transition } from '../../lib/domain/phase.ts';
import { lastTwins } from '../../lib/domain/twins.ts';
import { configuration, point, twin, volume } from './fixtures.ts';

const maker = (change: Partial<Operation> = {}): Operation => ({
  ...newOperation({
    plan: 'shop',
    id: 'protect-10',
    kind: 'protect',
    epoch: 10,
    trigger: 'schedule',
    startedAt: point(10).startedAt,
    recoveryPoint: point(10).id,
  }),
  rpoSeconds: 60,
  ...change,
});
const snapshot = (id: string, minute: number): TaggedSnapshot => ({
  id,
  operation: `protect-${minute}`,
  point: point(minute).id,
  server: 'web',
  volumeId: 'vol-1',
});
const present = (...snapshots: TaggedSnapshot[]) => new Map(snapshots.map((each) => [each.id, each]));
const named = [snapshot('snap-p20', 20), snapshot('snap-p10', 10)];
const extra = snapshot('snap-extra', 10);
const evidence = (change: Partial<Evidence> = {}): Evidence => ({
  side: 'primary',
  present: present(...named, extra),
  maker: maker(),
  keptPoints: [point(10), point(20)],
  doomedPoints: new Set(),
  lastTwins: [twin(20)],
  ...change,
});

describe('I3: what the table does not need stays where the tags say otherwise', () => {
  it('lets a second set of a point go, and what belongs to a doomed point', () => {
    expect(doubtOf(extra, evidence())).toBeUndefined();
    const doomed = { keptPoints: [point(20)], doomedPoints: new Set([point(10).id]) };
    expect(doubtOf(extra, evidence(doomed))).toBeUndefined();
  });

  it('keeps what an operation made that the table does not know', () => {
    expect(doubtOf(extra, evidence({ maker: undefined }))).toMatch(/no operation protect-10/);
    expect(doubtOf({ id: 'snap-1' }, evidence({ maker: undefined }))).toMatch(/no operation \(none\)/);
  });

  it('keeps what a point has lost the volume of', () => {
    const doubt = /has no volume that it may be of/;
    expect(doubtOf({ ...extra, volumeId: 'vol-2' }, evidence())).toMatch(doubt);
    expect(doubtOf({ ...extra, server: undefined }, evidence())).toMatch(doubt);
    expect(doubtOf({ ...extra, server: 'db' }, evidence())).toMatch(doubt);
    expect(doubtOf({ ...extra, volumeId: 'vol-ffffffff', device: '/dev/xvda' }, evidence())).toBeUndefined();
  });

  it('keeps everything of a point that names a snapshot which is not its own', () => {
    const doubt = /names a snapshot that was not made for it/;
    expect(doubtOf(extra, evidence({ present: present(snapshot('snap-p20', 20), extra) }))).toMatch(doubt);
    const ofAnother = present(snapshot('snap-p20', 20), { ...snapshot('snap-p10', 20) }, extra);
    expect(doubtOf(extra, evidence({ present: ofAnother }))).toMatch(doubt);
    expect(doubtOf(extra, evidence({ side: 'recovery' }))).toMatch(doubt);
  });

  it('keeps what a last twin of the same operation may mean', () => {
    const lost = evidence({ lastTwins: [twin(10, { primarySnapshot: 'snap-other' })] });
    expect(doubtOf(extra, lost)).toMatch(/a twin of protect-10 names/);
    const recovery = evidence({ side: 'recovery', lastTwins: [twin(10)], doomedPoints: new Set([point(10).id]) });
    expect(doubtOf(extra, recovery)).toMatch(/a twin of protect-10 names/);
  });

  it('keeps a sealed point that is missing among younger ones, and lets an expired one go', () => {
    const missing = evidence({ keptPoints: [point(5), point(20)] });
    expect(doubtOf(extra, missing)).toMatch(/is missing from the table/);
    expect(doubtOf(extra, { ...missing, maker: maker({ rpoSeconds: null }) })).toBeUndefined();
    expect(doubtOf(extra, evidence({ keptPoints: [point(20)] }))).toBeUndefined();
    expect(doubtOf(extra, evidence({ keptPoints: [] }))).toMatch(/is missing from the table/);
  });

  it('keeps the last round of a failback until a later twin takes its place', () => {
    const at = point(10).startedAt;
    const rounds = [1, 2].map((number) => ({
      number,
      isFinal: number === 2,
      startedAt: at,
      endedAt: at,
      blocksMoved: 1,
    }));
    const home = maker({ id: 'failback-1', kind: 'failback', rounds });
    const of = (step?: string): TaggedSnapshot => ({ id: 'snap-1', operation: home.id, server: 'web', step });
    const before = evidence({ maker: home, lastTwins: [twin(9)] });
    expect(doubtOf(of('round-2/web'), before)).toMatch(/no later twin/);
    expect(doubtOf({ ...of('round-2/web'), server: undefined }, before)).toMatch(/no later twin/);
    expect(doubtOf(of('round-1/web'), before)).toBeUndefined();
    expect(doubtOf(of(), before)).toBeUndefined();
    expect(doubtOf(of('round-2/web'), { ...before, lastTwins: [twin(11)] })).toBeUndefined();
    expect(
      doubtOf(of('returned/web'), { ...before, maker: maker({ id: 'failback-1', kind: 'failback' }) }),
    ).toBeUndefined();
  });
});

it('I3: takes no twin for the last while epochs and times contradict each other', () => {
  expect(lastTwins([twin(10), twin(0)]).get('web:/dev/xvda')).toEqual(twin(10));
  expect(() => lastTwins([twin(0, { epoch: 99 }), twin(10)])).toThrow(
    /TWIN#web:\/dev\/xvda#.* is broken: epoch 10 contradicts epoch 99/,
  );
});

describe('the schema of a recovery point', () => {
  const refusal = (change: object) => recoveryPointSchema.safeParse({ ...real, ...change }).error?.issues[0]?.message;
  const real = point(0, {
    servers: { web: { configuration, startedAt: point(0).startedAt, volumes: { '/dev/xvda': volume({}) } } },
  });
  const withVolumes = (...volumes: PointVolume[]) => ({
    servers: {
      web: {
        ...real.servers['web'],
        volumes: Object.fromEntries(volumes.map((each, index) => [`/dev/xvd${'ab'[index]}`, each])),
      },
    },
  });

  it('takes none that contradicts itself', () => {
    expect(refusal({})).toBeUndefined();
    expect(refusal({ status: 'failed' })).toBe('does not fit the time of sealing');
    expect(refusal({ sealedAt: null })).toBe('does not fit the time of sealing');
    expect(refusal(withVolumes(volume({ isComplete: false })))).toBe('has an incomplete volume in an available point');
    expect(refusal(withVolumes(volume({ copy: null })))).toBe('is complete without a copy');
    expect(refusal(withVolumes(volume({ device: '/dev/sdf' })))).toBe('names a volume by another device');
    const twice = withVolumes(volume({ copy: 'snap-1' }), volume({ device: '/dev/xvdb', copy: 'snap-2' }));
    expect(refusal(twice)).toBe('names one snapshot for two volumes');
  });
});

describe('the schema of a plan state', () => {
  it('takes every state that transitions reach', () => {
    const now = new Date('2026-01-05T10:00:00Z');
    const seen = new Map<string, PlanState>();
    let newest: PlanState[] = [newState('shop')];
    for (let depth = 0; depth < 9; depth += 1) {
      const reached = newest.flatMap((state) =>
        eventsAt(state, now).flatMap((event) => {
          const made = transition(state, event);
          return made.kind === 'done' ? [made.state] : [];
        }),
      );
      newest = reached.filter((state) => !seen.has(shapeOf(state)));
      for (const state of newest) seen.set(shapeOf(state), state);
    }
    expect(seen.size).toBeGreaterThan(20);
    const refused = [...seen.values()].filter((state) => !planStateSchema.safeParse(state).success);
    expect(refused).toEqual([]);
  });
});

function shapeOf({ epoch: _, ...state }: PlanState): string {
  return JSON.stringify(state);
}

function eventsAt({ lease, epoch }: PlanState, now: Date): PlanEvent[] {
  const kinds = ['protect', 'failover', 'failback'] as const;
  const claim = { execution: 'arn:aws:states:eu-central-1:123456789012:execution:m:x', now, isHolderRunning: false };
  const opens = kinds.flatMap((operationKind): PlanEvent[] => [
    { kind: 'open', operationKind, operation: `${operationKind}-x`, ...claim },
    {
      kind: 'take-over',
      operationKind,
      operation: `${operationKind}-x`,
      ...claim,
      execution: 'arn:undo',
      isLeftUndone: true,
    },
  ]);
  if (lease === null) return opens;
  const by = { operation: lease.operation, epoch };
  return [
    ...opens,
    { kind: 'renew', now, by },
    { kind: 'fence', status: 'owed', now, by },
    { kind: 'fence', status: 'confirmed', now, by },
    { kind: 'unfence', by },
    { kind: 'commit', by },
    { kind: 'close', stoppedServersAt: null, by },
    { kind: 'close', stoppedServersAt: now.toISOString(), by },
  ];
}

import { describe, expect, it } from 'vitest';
import type { Operation, TransferRecord } from '../../lib/domain/catalogue.ts';
import {
  type Evidence,
  evidenceAddress,
  evidenceKey,
  evidenceOf,
  type Facts,
  isEvidenced,
} from '../../lib/domain/evidence.ts';
import { newOperation } from '../../lib/domain/new-items.ts';
import { pointTime } from '../../lib/domain/recovery-point.ts';
import { point, twin } from './fixtures.ts';

const at = (minute: number, second = 0) => new Date(Date.UTC(2026, 0, 5, 10, minute, second)).toISOString();
const begun = newOperation({
  ...{ plan: 'shop', id: 'failover-1', kind: 'failover', epoch: 7, trigger: 'kim', planVersion: 'abc' },
  ...{ startedAt: at(20), recoveryPoint: point(5).id },
});

function evidence(change: Partial<Operation> = {}, more: Partial<Facts> = {}): Evidence {
  const operation: Operation = { ...begun, outcome: 'succeeded', endedAt: at(30), ...change };
  const regions = { primary: 'us-east-1', recovery: 'us-west-2' };
  return evidenceOf({ operation, events: [], transfers: [], twins: [], ownPoint: undefined, regions, ...more });
}

const transfer = (volume: TransferRecord['volume'], minute: number): TransferRecord => ({
  ...{
    id: `t-${volume}-${minute}`,
    volume,
    target: `snap-t${minute}`,
    method: 'delta',
    listedBlocks: 3,
    changedBlocks: 2,
  },
  ...{ startedAt: at(minute), isCompleting: true, completedAt: at(minute + 1) },
});

describe('the place of evidence', () => {
  it('is made of plan, year and operation, and never another for the same operation', () => {
    expect(evidenceKey(begun)).toBe('shop/2026/failover-1.json');
    expect(evidenceKey({ ...begun, startedAt: '2025-12-31T23:59:59.999Z' })).toBe('shop/2025/failover-1.json');
    expect(evidenceAddress('kept', begun)).toBe('s3://kept/shop/2026/failover-1.json');
  });

  it('is there for failovers, failbacks and drills, and for no protect run', () => {
    const kinds = ['protect', 'failover', 'failback', 'drill'] as const;
    expect(kinds.filter((kind) => isEvidenced({ kind }))).toEqual(['failover', 'failback', 'drill']);
  });
});

describe('evidence', () => {
  it('says what was asked for, by whom, of which version of the plan, and how it ended', () => {
    const { plan, operation, measured, warnings } = evidence({ rpoSeconds: 9, rtoSeconds: 8, committedAt: at(29) });
    expect(plan).toEqual({ name: 'shop', version: 'abc' });
    expect(operation).toEqual({
      ...{ id: 'failover-1', kind: 'failover', extent: 'whole', isPlanned: false, epoch: 7, askedBy: 'kim' },
      ...{ startedAt: at(20), committedAt: at(29), endedAt: at(30), outcome: 'succeeded', cause: null },
    });
    expect([measured, warnings]).toEqual([{ rpoSeconds: 9, rtoSeconds: 8, fullPerformanceSeconds: null }, []]);
    const other = evidence({ extent: 'dry-run', isPlanned: true, cause: 'Why.', warnings: ['few addresses'] });
    expect(other.operation).toMatchObject({ extent: 'dry-run', isPlanned: true, cause: 'Why.' });
    expect(other.warnings).toEqual(['few addresses']);
    const without = evidence({ leftOut: { files: { isRunning: false, why: 'no room' } } });
    expect(without.warnings).toEqual(['server files was left out: no room']);
  });

  it('knows no version of a plan of which none was kept', () => {
    const { planVersion: _, ...unversioned } = begun;
    const facts = { operation: unversioned, events: [], transfers: [], twins: [], ownPoint: undefined };
    const made = evidenceOf({ ...facts, regions: { primary: 'us-east-1', recovery: 'us-west-2' } });
    expect(made.plan.version).toBeNull();
    expect(made.operation.endedAt).toBe(at(20));
  });

  it('gives every point with its age at the start; one that the operation took itself is no younger than nothing', () => {
    const choice = { lossSeconds: 0, servers: { db: point(25).id }, passedOver: [] };
    expect(evidence({ choice }).recoveryPoints).toEqual([
      { id: point(5).id, takenAt: at(5), ageSeconds: 900 },
      { id: point(25).id, takenAt: at(25), ageSeconds: 0 },
    ]);
    expect(evidence({ recoveryPoint: null }).recoveryPoints).toEqual([]);
    expect(pointTime('rp-20261231T235958Z-1a2b3c')).toBe('2026-12-31T23:59:58.000Z');
  });

  it('lets a phase last until the next one, and the last one until the end', () => {
    const progressed = [
      { at: at(20, 30), progression: 'preflight' },
      { at: at(22), progression: 'fencing' },
      { at: at(30), progression: 'closed' },
    ];
    const phases = [
      { phase: 'opened', startedAt: at(20), endedAt: at(20, 30), seconds: 30 },
      { phase: 'preflight', startedAt: at(20, 30), endedAt: at(22), seconds: 90 },
      { phase: 'fencing', startedAt: at(22), endedAt: at(30), seconds: 480 },
    ];
    expect(evidence({ progressed }).phases).toEqual(phases);
    expect(evidence({ progressed: progressed.slice(0, 2) }).phases).toEqual(phases);
  });

  it('shows an end that was none, where an operation was taken up again', () => {
    const again = ['undoing', 'closed', 'undoing', 'closed'].map((progression, minute) => ({
      at: at(21 + minute),
      progression,
    }));
    expect(evidence({ progressed: again }).phases.map(({ phase }) => phase)).toEqual([
      'opened',
      'undoing',
      'closed',
      'undoing',
    ]);
  });

  it('says how far each server came, by what happened first', () => {
    const of = (server: string, minute: number) => ({ server, at: at(minute), text: `${server} at ${minute}` });
    const { servers, events } = evidence(
      { servers: { web: { image: 'ami-1', instance: 'i-1' }, db: { image: 'ami-2', instance: null } } },
      {
        events: [
          { at: at(20), text: 'primary fence confirmed' },
          { ...of('web', 21), reached: 'started' },
          { ...of('web', 22), reached: 'started' },
          { ...of('web', 23), reached: 'running', made: ['vol-1'] },
          { ...of('web', 24), reached: 'healthy' },
          { ...of('home', 25), reached: 'started', instance: 'i-9' },
        ],
      },
    );
    const nothing = { startedAt: null, runningAt: null, healthyAt: null, health: null };
    const recoveryPoint = point(5).id;
    expect(servers).toEqual({
      db: { ...nothing, recoveryPoint, instance: null, image: 'ami-2' },
      home: { ...nothing, recoveryPoint, instance: 'i-9', image: null, startedAt: at(25) },
      web: {
        ...{ recoveryPoint, instance: 'i-1', image: 'ami-1', startedAt: at(21), runningAt: at(23) },
        ...{ healthyAt: at(24), health: 'web at 24' },
      },
    });
    expect(events).toEqual([{ at: at(20), text: 'primary fence confirmed' }]);
    const unknown = evidence({ recoveryPoint: null, servers: { db: { image: 'ami-2', instance: null } } });
    expect(unknown.servers['db']?.recoveryPoint).toBeNull();
  });

  it('gives questions in the order in which they were put, with what was answered', () => {
    const asked = { choices: ['proceed', 'undo'], otherwise: 'undo', until: at(40), isTold: true } as const;
    const answer = { word: 'proceed', by: 'kim', because: 'it is', at: at(26) } as const;
    const { approvals } = evidence({
      questions: {
        traffic: { ...asked, text: 'Go?', askedAt: at(25), answer },
        'owed-fence': { ...asked, text: 'Safe?', askedAt: at(21), answer: null },
      },
    });
    expect(approvals).toEqual([
      { key: 'owed-fence', question: 'Safe?', askedAt: at(21), until: at(40), answer: null },
      { key: 'traffic', question: 'Go?', askedAt: at(25), until: at(40), answer },
    ]);
  });

  it('names what was stopped, what was switched, and what was moved, without what only the machinery needs', () => {
    const value = (address: string) => ({ ttlSeconds: 60, values: [address] });
    const record = { zone: 'Z1', name: 'shop.example.com', type: 'A', changeId: 'C1' } as const;
    const made = evidence(
      {
        stopped: { 'i-2': '192.0.2.1', 'i-1': null },
        traffic: [{ ...record, before: value('192.0.2.1'), after: value('192.0.2.2') }],
        controls: [{ control: 'arn:control', before: 'On', after: 'Off', turnedAt: null }],
        swapped: { 'web:/dev/xvda': { old: 'vol-1', new: 'vol-2' } },
      },
      { transfers: [transfer('web:/dev/xvda', 26), transfer('web:/dev/sdf', 25), transfer('db:/dev/sdf', 25)] },
    );
    expect(made.stopped).toEqual(['i-1', 'i-2']);
    expect(made.traffic).toEqual([
      { name: 'shop.example.com', type: 'A', before: ['192.0.2.1'], after: ['192.0.2.2'] },
      { name: 'arn:control', type: 'routing control', before: ['On'], after: ['Off'] },
    ]);
    expect(made.swapped).toEqual({ 'web:/dev/xvda': { old: 'vol-1', new: 'vol-2' } });
    expect(made.transfers.map(({ volume }) => volume)).toEqual(['db:/dev/sdf', 'web:/dev/sdf', 'web:/dev/xvda']);
    expect(made.transfers[0]).toEqual({
      ...{ volume: 'db:/dev/sdf', target: 'snap-t25', method: 'delta', listedBlocks: 3, changedBlocks: 2 },
      ...{ startedAt: at(25), completedAt: at(26) },
    });
  });

  it('lists what was created, each once, with Region and server', () => {
    const own = point(20, { operation: 'failover-1', servers: point(20).servers });
    const web = { server: 'web' };
    const [east, west] = [{ region: 'us-east-1' }, { region: 'us-west-2' }];
    const failover = evidence(
      { servers: { web: { image: 'ami-1', instance: 'i-1' } }, isPlanned: true },
      {
        ownPoint: own,
        transfers: [{ ...transfer('web:/dev/xvda', 21), target: 'snap-r20' }],
        events: [
          { at: at(21), text: 'runs', ...web, made: ['vol-1', 'vol-2'] },
          { at: at(21), text: 'snapshots of somebody', made: ['snap-x'], region: 'us-east-1' },
        ],
      },
    );
    expect(failover.created).toEqual([
      { id: 'ami-1', ...west, ...web },
      { id: 'i-1', ...west, ...web },
      { id: 'snap-p20', ...east, ...web },
      { id: 'snap-r20', ...west, ...web },
      { id: 'snap-x', ...east, server: null },
      { id: 'vol-1', ...west, ...web },
      { id: 'vol-2', ...west, ...web },
    ]);
    const failback = evidence(
      { kind: 'failback', swapped: { 'web:/dev/xvda': { old: 'vol-1', new: 'vol-2' } } },
      { transfers: [transfer('web:/dev/xvda', 21)], twins: [twin(22)] },
    );
    expect(failback.created).toEqual([
      { id: 'snap-p22', ...east, ...web },
      { id: 'snap-r22', ...west, ...web },
      { id: 'snap-t21', ...east, ...web },
      { id: 'vol-2', ...east, ...web },
    ]);
  });
});

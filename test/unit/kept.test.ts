import { describe, expect, it } from 'vitest';
import type { Operation, PointHeader } from '../../lib/domain/catalogue.ts';
import { isReprotected, type Kept, keptOf, keptReturns, keptUntil, type Return } from '../../lib/domain/kept.ts';
import { newOperation } from '../../lib/domain/new-items.ts';
import { volumeDollarsPerMonth } from '../../lib/domain/prices.ts';

const at = (hour: number) => `2026-01-05T${String(hour).padStart(2, '0')}:00:00.000Z`;

function operation(kind: 'failover' | 'failback', epoch: number, more: Partial<Operation> = {}): Operation {
  const start = { plan: 'shop', id: `${kind}-${epoch}`, kind, epoch, trigger: 'kim', recoveryPoint: null };
  return { ...newOperation({ ...start, startedAt: at(epoch) }), committedAt: at(epoch), ...more };
}

const returnsOf = (...more: Partial<Operation>[]): Return[] =>
  more.map((fields, index) => ({ failback: operation('failback', index + 1, fields), failover: undefined }));

describe('what stays of a plan', () => {
  it('is of failbacks that committed and nobody accepted, each with the failover before it', () => {
    const moves = [
      operation('failback', 8),
      operation('failover', 5),
      operation('failback', 6, { committedAt: null }),
      operation('failover', 7, { committedAt: null }),
      operation('failback', 4, { acceptedAt: at(5) }),
      operation('failback', 2),
      operation('failover', 3),
    ];
    const ids = keptReturns(moves).map(({ failback, failover }) => [failback.id, failover?.id]);
    expect(ids).toEqual([
      ['failback-2', undefined],
      ['failback-8', 'failover-5'],
    ]);
  });

  it('may go once there is a point that was begun after the last commit', () => {
    const point = (hour: number) => ({ startedAt: at(hour) }) as PointHeader;
    const returns = returnsOf({ committedAt: at(3) }, { committedAt: at(5) });
    expect([undefined, point(4), point(5), point(6)].map((newest) => isReprotected(returns, newest))).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  it('goes by time after the last commit, unless the plan leaves that to people, or something exists nowhere else', () => {
    const keeps = (keepForSeconds?: number) => ({
      failback: { pauseLimitSeconds: 1, roundsMax: 1, ...(keepForSeconds === undefined ? {} : { keepForSeconds }) },
    });
    const unreplicated = { 'db:/dev/sdf': { snapshot: 'snap-1', blocks: 1 } };
    const told = { kept: {} as Kept };
    const both = returnsOf({ ...told, unreplicated: {} }, { ...told, committedAt: at(5) });
    expect(keptUntil(keeps(3_600), both)).toEqual(new Date(at(6)));
    expect(keptUntil(keeps(), returnsOf(told))).toBeUndefined();
    expect(keptUntil(keeps(3_600), returnsOf({ ...told, unreplicated }, told))).toBeUndefined();
    // Nobody was told of what an earlier version kept.
    expect(keptUntil(keeps(3_600), returnsOf(told, { committedAt: at(5) }))).toBeUndefined();
    expect(keptUntil(keeps(3_600), [])).toBeUndefined();
  });

  it('costs what its volumes do, and the blocks that no point shares', () => {
    const volumes = [{ volumeType: 'gp3', sizeGib: 100, iops: 3_000 }];
    const unreplicated = { 'db:/dev/sdf': { snapshot: 'snap-1', blocks: 200_000 } };
    const kept = keptOf(returnsOf({ unreplicated }), { servers: 1, images: 1, volumes, snapshots: 2 });
    // 100 × 0.08, and 200,000 × 524,288 bytes are 104.86 GB at 0.05.
    expect(kept).toMatchObject({ since: at(1), volumesGib: 100, unreplicatedBlocks: 200_000, dollarsPerMonth: 13.24 });
    expect(keptOf([], { servers: 0, images: 0, volumes: [], snapshots: 0 })).toMatchObject({ dollarsPerMonth: 0 });
  });

  it.each([
    ['gp3', 100, 4_000, 13],
    ['gp3', 100, null, 8],
    ['gp2', 100, 300, 10],
    ['io2', 100, 1_000, 77.5],
    ['a type of tomorrow', 100, null, 12.5],
  ])('costs of a volume of %s with %d GiB and %s IOPS', (volumeType, sizeGib, iops, dollars) => {
    expect(volumeDollarsPerMonth({ volumeType, sizeGib, iops })).toBeCloseTo(dollars, 9);
  });
});

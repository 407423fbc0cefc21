import { describe, expect, it } from 'vitest';
import {
  type CapacityReservation,
  capacityOf,
  misfit,
  reservationFindings,
  reservationsOf,
} from '../../lib/domain/capacity.ts';
import { asDrill } from '../../lib/domain/drill.ts';
import type { LaunchSettings } from '../../lib/domain/launch-configuration.ts';
import { rungsOf } from '../../lib/domain/launch-ladder.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import { configuration } from './fixtures.ts';

const id = 'cr-0f100000000000001';
const other = 'cr-0f100000000000002';
const reservation: CapacityReservation = {
  ...{ id, instanceType: 'm7g.large', zone: 'east-1a', platform: 'Linux/UNIX', tenancy: 'default' },
  ...{ state: 'active', freeInstances: 1 },
};
const zoneOf = new Map([
  ['a', 'east-1a'],
  ['b', 'east-1b'],
]);
const place = { deviceIndex: 0, subnet: 'a', securityGroups: ['sg-1'], description: '', isSourceDestChecked: true };
const fallback = { subnets: { a: ['b'] }, instanceTypes: { 'm7g.large': ['m7g.xlarge'] } };
const rungs = rungsOf('m7g.large', [place], { fallback });

const planOf = (recovery: object, servers: object, groups: object = {}) =>
  ({ recovery, servers, groups, failover: {}, failback: {}, traffic: [] }) as unknown as Plan;

describe('the capacity of a server', () => {
  it('is its own, else that of its plan, else what AWS takes unasked', () => {
    const plan = planOf({ capacity: id }, { db: { capacity: 'none' }, web: {} }, { workers: { capacity: other } });
    expect(['db', 'web'].map((server) => capacityOf(plan, server))).toEqual(['none', id]);
    expect(capacityOf(planOf({}, { web: {} }), 'web')).toBe('open');
    expect(reservationsOf(plan)).toEqual([id, other]);
    expect(reservationsOf(planOf({ capacity: 'none' }, { web: { capacity: 'open' } }))).toEqual([]);
  });

  it('is never of a reservation in a drill', () => {
    const groups = { workers: { capacity: other } };
    const drill = { subnets: {}, securityGroups: {} };
    const plan = { ...planOf({ capacity: id }, { db: { capacity: 'open' }, web: { capacity: id } }, groups), drill };
    expect(asDrill(plan)).toMatchObject({
      recovery: { capacity: 'none' },
      servers: { db: { capacity: 'open' }, web: { capacity: 'none' } },
      groups: { workers: { capacity: 'none' } },
    });
  });
});

describe('a reservation', () => {
  const whys = (change: Partial<CapacityReservation>, settings?: LaunchSettings) =>
    rungs.map((rung) =>
      misfit({ ...reservation, ...change }, rung, zoneOf, settings === undefined ? {} : { settings }),
    );
  const ofAnother = 'is of m7g.large in east-1a';

  it('is for its type in its zone', () => {
    expect(whys({})).toEqual([undefined, ofAnother, ofAnother, ofAnother]);
    expect(whys({ zone: 'east-1b', instanceType: 'm7g.xlarge' }).map((why) => why === undefined)).toEqual([
      ...[false, false, false, true],
    ]);
  });

  it('is for its platform and its tenancy, while it is active', () => {
    expect(whys({ state: 'cancelled' })[0]).toBe('is cancelled');
    expect(whys({ platform: 'Windows' })[0]).toBe('is of Windows');
    expect(whys({ tenancy: 'dedicated' })[0]).toBe('has tenancy dedicated, not default');
    expect(whys({ tenancy: 'dedicated' }, { tenancy: 'dedicated' } as LaunchSettings)[0]).toBeUndefined();
  });

  it('that does not exist is in the way, and any other shortcoming a warning', () => {
    const found = (here: ReadonlyMap<string, CapacityReservation | undefined>, ...of: string[]) =>
      reservationFindings(
        new Map(of.map((reserved, index) => [`s${index}`, { reservation: reserved, rungs, configuration }])),
        here,
        zoneOf,
      );
    const there = new Map([[id, reservation]]);
    expect(found(there, id)).toEqual({ blocking: [], warnings: [] });
    expect(found(there, id, id).warnings).toEqual([
      `capacity reservation ${id} has room for 1 instances, 2 are needed`,
    ]);
    expect(found(new Map([[id, undefined]]), id, id)).toEqual({
      blocking: [`capacity reservation ${id} does not exist`],
      warnings: [],
    });
    expect(found(new Map([[id, { ...reservation, zone: 'east-1b' }]]), id)).toEqual({
      blocking: [],
      warnings: [
        `server s0 is launched outside of ${id} as m7g.large in a: the reservation is of m7g.large in east-1b`,
      ],
    });
    // What could not be looked at is told by whoever looked.
    expect(found(new Map(), id)).toEqual({ blocking: [], warnings: [] });
  });
});

import { describe, expect, it } from 'vitest';
import { type Rung, rungsOf } from '../../lib/domain/launch-ladder.ts';
import { roomFindings } from '../../lib/domain/launch-room.ts';

const at = (...subnets: string[]) =>
  subnets.map((subnet, deviceIndex) => ({
    ...{ deviceIndex, subnet, securityGroups: ['sg-1'], description: '', isSourceDestChecked: true },
  }));
const zoneOf = (subnet: string) => `zone ${subnet.slice(0, 1)}`;
const offered = new Map([['m7g.large', new Set(['zone a', 'zone b', 'zone c'])]]);

/** Ladders of servers in a plan whose subnets have others to fall back to, and what is found with so many free addresses. */
function found(
  servers: Readonly<Record<string, readonly string[]>>,
  free: Readonly<Record<string, number>>,
  others: Readonly<Record<string, readonly string[]>> = {},
  zonesOf: ReadonlyMap<string, ReadonlySet<string>> = offered,
) {
  const fallback = { subnets: others, instanceTypes: {} };
  const ladders = new Map<string, readonly Rung[]>(
    Object.entries(servers).map(([name, subnets]) => [name, rungsOf('m7g.large', at(...subnets), { fallback })]),
  );
  const subnets = Object.entries(free).map(([id, freeAddresses]) => ({
    ...{ id, zone: zoneOf(id), vpc: 'vpc-1', freeAddresses },
  }));
  return roomFindings(ladders, subnets, zonesOf);
}

const needed = (subnet: string, has: number, needs: number) =>
  `subnet ${subnet} has ${has} free addresses, ${needs} are needed`;
const fallsBack = (line: string) => `${line}: servers fall back to other subnets`;

describe('the addresses of subnets', () => {
  it('are enough where each interface, not each server, finds one', () => {
    const servers = { db: ['a1', 'a2'], web: ['a1'] };
    expect(found(servers, { a1: 2, a2: 1, unused: 0 })).toEqual({ blocking: [], warnings: [] });
    expect(found(servers, { a1: 1, a2: 1 })).toEqual({ blocking: [needed('a1', 1, 2)], warnings: [] });
    expect(found({ db: ['a1', 'a1'] }, { a1: 1 }).blocking).toEqual([needed('a1', 1, 2)]);
  });

  it('may lack where the plan has another subnet with room, but only as far as there is room for all', () => {
    const servers = { db: ['a'], web: ['a'] };
    const others = { a: ['b', 'c'] };
    expect(found(servers, { a: 0, b: 1, c: 1 }, others)).toEqual({
      blocking: [],
      warnings: [fallsBack(needed('a', 0, 2))],
    });
    expect(found(servers, { a: 0, b: 1, c: 0 }, others)).toEqual({ blocking: [needed('a', 0, 2)], warnings: [] });
    expect(found({ db: ['a', 'a2'] }, { a: 1, a2: 0, b: 1, b2: 1 }, { a: ['b'], a2: ['b2'] }).warnings).toEqual([
      fallsBack(needed('a2', 0, 1)),
    ]);
  });

  it('are no reason to stop for a server that falls back, and are one for another that cannot', () => {
    expect(found({ db: ['a'], web: ['c'] }, { a: 0, b: 1, c: 0 }, { a: ['b'] })).toEqual({
      blocking: [needed('c', 0, 1)],
      warnings: [fallsBack(needed('a', 0, 1))],
    });
  });

  it('are left to those that have no other place', () => {
    // The database falls back to b, the only place of the web server.
    const others = { a: ['b', 'c'] };
    expect(found({ db: ['a'], web: ['b'] }, { a: 0, b: 1, c: 1 }, others).blocking).toEqual([]);
    expect(found({ db: ['a'], web: ['b'] }, { a: 0, b: 1, c: 0 }, others).blocking).toEqual([needed('a', 0, 1)]);
    // Of two in one subnet it is the one with another place that leaves, whichever comes first.
    const two = found({ web: ['a'], db: ['a', 'c'] }, { a: 1, b: 1, c: 1 }, { a: ['b'] });
    expect(two).toEqual({ blocking: [], warnings: [fallsBack(needed('a', 1, 2))] });
  });

  it('count only where the zone has the type, and of subnets that exist', () => {
    const others = { a: ['b'] };
    const only = (zone: string) => new Map([['m7g.large', new Set([zone])]]);
    expect(found({ db: ['a'] }, { a: 0, b: 1 }, others, only('zone a')).blocking).toEqual([needed('a', 0, 1)]);
    expect(found({ db: ['a'] }, { a: 0 }, others).blocking).toEqual([needed('a', 0, 1)]);
    // Its own zone has not its type: what it needs is an address in the other one.
    expect(found({ db: ['a'] }, { a: 0, b: 1 }, others, only('zone b'))).toEqual({ blocking: [], warnings: [] });
    // Where no zone has it there is another finding.
    expect(found({ db: ['a'] }, { a: 0, b: 0 }, others, new Map())).toEqual({ blocking: [], warnings: [] });
  });
});

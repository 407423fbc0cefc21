import { describe, expect, it } from 'vitest';
import type { Operation } from '../../lib/domain/catalogue.ts';
import {
  atHome,
  homeLines,
  homesAfter,
  mayHaveChangedHome,
  newHomeOf,
  refuseForgotten,
} from '../../lib/domain/homes.ts';
import { newServersRule } from '../../lib/domain/block-rules.ts';
import { asNewAtHome } from '../../lib/domain/launch-site.ts';
import { mayBeMissing } from '../../lib/domain/left-out.ts';
import { brokenRules } from '../../lib/domain/plan-rules.ts';
import { selectMembers } from '../../lib/domain/members.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import { movingShop, newPlace, shop } from '../../proof/shop.ts';

const old = 'i-0db00000000000001';
const homes = { db: { instance: 'i-2', formerly: [old, 'i-1'] } };
const instanceOf = (plan: Plan, server: string) => plan.servers[server]?.instance;
const naming = (instance: string): Plan => ({
  ...movingShop,
  servers: { ...movingShop.servers, db: { ...movingShop.servers['db'], instance } as Plan['servers'][string] },
});

describe('which instance a server is at home', () => {
  it.each([
    [old, 'i-2'],
    ['i-1', 'i-2'],
    ['i-2', 'i-2'],
    ['i-3', 'i-3'],
  ])('is, where the plan names %s, %s', (named, is) => {
    expect(instanceOf(atHome(naming(named), homes), 'db')).toBe(is);
    expect(instanceOf(atHome(naming(named), homes), 'web')).toBe('i-03eb0000000000003');
    expect(atHome(naming(named))).toEqual(naming(named));
  });

  const launched = { image: 'ami-1', instance: 'i-9' };
  const operation = {
    newServers: ['db', 'web', 'files'],
    servers: { db: launched, web: { image: 'ami-2', instance: null } },
  } as unknown as Operation;

  it('is what a failback launched, once that is final, and all that it was before is known', () => {
    expect(homesAfter(movingShop, undefined, operation)).toEqual({ db: { instance: 'i-9', formerly: [old] } });
    expect(homesAfter(naming('i-3'), homes, operation)).toEqual({
      db: { instance: 'i-9', formerly: [old, 'i-1', 'i-2', 'i-3'] },
    });
    // A commit whose answer was lost is asked for once more.
    const after = homesAfter(movingShop, undefined, operation);
    expect(homesAfter(atHome(movingShop, after), after, operation)).toEqual(after);
  });

  it('is nothing new of a server that was not launched, or that comes home in place', () => {
    const unlaunched = { ...operation, servers: {} };
    expect(newHomeOf(unlaunched, 'db')).toBeUndefined();
    expect(homesAfter(movingShop, homes, unlaunched)).toEqual(homes);
    expect(newHomeOf({ servers: { db: launched } }, 'db')).toBeUndefined();
    expect(newHomeOf(operation, 'web')).toBeUndefined();
  });

  it('is told, with what is left to people', () => {
    expect(homeLines({ newServers: ['db', 'web'] }, homes)).toEqual([
      'server db is i-2 at home from now on; what it was before, i-1, is left as it is, yours to keep or to terminate',
    ]);
    expect(homeLines({}, homes)).toEqual([]);
    expect(homeLines({ newServers: ['db'] })).toEqual([]);
  });
});

describe('a failback', () => {
  const round = { number: 1, isFinal: true } as Operation['rounds'][number];
  const swapped = { 'web:/dev/sdf': {} } as unknown as Operation['swapped'];

  it('goes on without no server that comes home as a new one, whatever the plan says of it', () => {
    const optional = { ...movingShop, servers: { db: { ...movingShop.servers['db'], optional: true } } } as Plan;
    expect(mayBeMissing(optional, {}, 'primary', 'db')).toBe(true);
    expect(mayBeMissing(optional, { newServers: ['db'] }, 'primary', 'db')).toBe(false);
    expect(mayBeMissing(optional, { newServers: ['db'] }, 'recovery', 'db')).toBe(true);
  });

  it('may have changed something at home once it swaps volumes, or, bringing new servers, after its final round', () => {
    const newServers = ['db'];
    expect(mayHaveChangedHome({ swapped: {}, rounds: [round] })).toBe(false);
    expect(mayHaveChangedHome({ swapped: {}, rounds: [{ ...round, isFinal: false }], newServers })).toBe(false);
    expect(mayHaveChangedHome({ swapped: {}, rounds: [round], newServers })).toBe(true);
    expect(mayHaveChangedHome({ swapped, rounds: [round] })).toBe(true);
  });
});

describe('a plan that no longer says failback.newServers', () => {
  const { newServers: _, ...failback } = movingShop.failback;
  const without = (plan: Plan): Plan => ({ ...plan, failback });
  const workers = { workers: { tags: { role: 'worker' }, wave: 1, health: { withinSeconds: 600 } } };

  it('is refused while it names what a server was, or picks its members by their tags', () => {
    expect(() => refuseForgotten(without(naming(old)), homes)).toThrow('db is i-2');
    const ofGroup = { 'workers-0000000a': { instance: 'i-0000000b', formerly: ['i-0000000a'] } };
    expect(() => refuseForgotten({ ...without(shop), groups: workers }, ofGroup)).toThrow(
      'workers-0000000a is i-0000000b',
    );
  });

  it('is right once it names what they are', () => {
    expect(() => refuseForgotten(without(naming('i-2')), homes)).not.toThrow();
    expect(() => refuseForgotten(shop, undefined)).not.toThrow();
    expect(() => refuseForgotten(naming(old), homes)).not.toThrow();
  });
});

it('a plan that names what a server was under another name is refused, with what to name', () => {
  const renamed = { ...movingShop, servers: { database: naming(old).servers['db'] } } as Plan;
  expect(() => refuseForgotten(renamed, homes)).toThrow(
    `names ${old} as server database: that is what db was before it came home as i-2. Name i-2 instead`,
  );
});

describe('the members of a group', () => {
  const groups = { web: { tags: { role: 'web' }, wave: 1, health: { withinSeconds: 600 } } };
  const plan = { servers: {}, groups } as unknown as Plan;
  const moved = { 'web-0000000a': { instance: 'i-0000000b', formerly: ['i-0000000a'] } };
  // AWS tells them in no order.
  const candidates = ['i-0000000c', 'i-0000000b', 'i-0000000a'].map((instance) => ({ group: 'web', instance }));

  it('keep their names where they came home as others, and are not picked as what they were', () => {
    expect(selectMembers(plan, candidates, moved).members).toEqual({
      'web-0000000a': { instance: 'i-0000000b', group: 'web' },
      'web-0000000c': { instance: 'i-0000000c', group: 'web' },
    });
  });

  it('take no name of a server that the plan named once', () => {
    const once = { db: { instance: 'i-0000000b', formerly: [old] } };
    expect(Object.keys(selectMembers(plan, candidates.slice(1, 2), once).members)).toEqual(['web-0000000b']);
  });
});

it('new servers take the places only of servers, and go only where the next failover leads from', () => {
  const newServers = { subnets: { 'subnet-1': 'subnet-2' }, securityGroups: { 'sg-2': 'sg-3' } };
  const recovery = { subnets: { 'subnet-1': 'subnet-9' }, securityGroups: {} };
  const path = ['failback', 'newServers'];
  expect(newServersRule.brokenBy({ recovery, failback: { newServers } })).toEqual([
    {
      path: [...path, 'subnets', 'subnet-1'],
      message:
        'is mapped by recovery.subnets to nothing, so the next failover would not know where to go. Map it there too.',
    },
    {
      path: [...path, 'securityGroups', 'sg-2'],
      message:
        'would take the place of sg-2, where no server stands: recovery.securityGroups does not map it. Name one that it maps.',
    },
  ]);
  expect(brokenRules(movingShop).filter(({ path: of }) => of.includes('newServers'))).toEqual([]);
});

describe('a plan as new servers are launched by it at home', () => {
  it('leads to the mapped places, and where nothing is mapped to where servers stood', () => {
    const { recovery } = asNewAtHome(movingShop);
    const [stood = ''] = Object.keys(shop.recovery.subnets);
    const [group = ''] = Object.keys(shop.recovery.securityGroups);
    expect(recovery).toEqual({
      region: shop.primary.region,
      subnets: { [stood]: newPlace, [newPlace]: newPlace },
      securityGroups: { [group]: group },
    });
  });

  it('has other types in place of those without room, and nothing that is prepared elsewhere', () => {
    const reserved = 'cr-0f100000000000003';
    const fallback = { subnets: { a: ['b'] }, instanceTypes: { 't3.medium': ['t3.large'] } };
    const { servers, recovery } = asNewAtHome({
      ...movingShop,
      servers: {
        web: { ...movingShop.servers['web'], elasticIp: 'eipalloc-1', capacity: reserved } as Plan['servers'][string],
      },
      recovery: { ...movingShop.recovery, fallback, capacity: reserved, userData: 'suppress' },
    });
    expect(recovery).toMatchObject({ capacity: 'open', userData: 'suppress', fallback: { ...fallback, subnets: {} } });
    expect(servers['web']).toMatchObject({ capacity: 'open' });
    expect(servers['web']).not.toHaveProperty('elasticIp');
  });

  it('is none where the plan does not say so', () => {
    expect(() => asNewAtHome(shop)).toThrow('Write "failback.newServers" into the plan');
  });
});

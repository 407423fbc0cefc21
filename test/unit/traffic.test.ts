import { describe, expect, it } from 'vitest';
import type { FailoverPair, Plan, TrafficRecord } from '../../lib/domain/plan.ts';
import { warningsOf } from '../../lib/domain/plan-warnings.ts';
import {
  isSameName,
  isSameRecord,
  type RecordValue,
  titleOf,
  trafficChangeSchema,
  wordsOf,
} from '../../lib/domain/record-set.ts';
import {
  faultOf,
  hasChanges,
  hasFailoverPair,
  isOfServer,
  ledTo,
  namesOf,
  pairFault,
  pairOf,
} from '../../lib/domain/traffic.ts';
import { switchWords, unturnedWords } from '../../lib/domain/traffic-words.ts';

const place = { zone: 'Z1', name: 'shop.example.com' };
const server: TrafficRecord = { ...place, type: 'A', ttlSeconds: 60, server: 'web', address: 'public' };
const fixed: TrafficRecord = {
  ...{ ...place, type: 'A', ttlSeconds: 60 },
  values: { primary: ['192.0.2.1', '192.0.2.2'], recovery: ['198.51.100.1'] },
};
const cname: TrafficRecord = {
  ...{ ...place, type: 'CNAME', set: 'eu' },
  values: { primary: ['home.example.net'], recovery: ['away.example.net'] },
};
const alias: TrafficRecord = {
  ...{ ...place, type: 'A' },
  alias: { primary: { zone: 'ZP', name: 'p.elb.example.net' }, recovery: { zone: 'ZR', name: 'r.elb.example.net' } },
};
const pair: TrafficRecord = { ...place, type: 'A', weighted: { primary: 'home', recovery: 'away' } };

const plain = (values: string[], more: Partial<RecordValue> = {}): RecordValue => ({ ttlSeconds: 60, values, ...more });
const aliasTo = (zone: string, name: string): RecordValue => ({
  values: [],
  alias: { zone, name, isHealthEvaluated: true },
  routing: { Weight: 7 },
});
const weight = (value: string, Weight: number) => plain([value], { routing: { Weight, HealthCheckId: 'check-1' } });

const to = (site: 'primary' | 'recovery', address?: string) => ({ site, address });

describe('a record of a plan', () => {
  it('stands for one record of Route 53, or for two by their set identifiers', () => {
    expect(namesOf(server)).toEqual([{ ...place, type: 'A' }]);
    expect(namesOf(cname)).toEqual([{ ...place, type: 'CNAME', set: 'eu' }]);
    expect(namesOf(pair).map(({ set }) => set)).toEqual(['home', 'away']);
    expect([isOfServer(server, 'web'), isOfServer(server, 'db'), isOfServer(fixed, 'web')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it.each<[why: string, record: TrafficRecord, present: (RecordValue | undefined)[], fault: string | undefined]>([
    ['is there', server, [plain(['203.0.113.9'])], undefined],
    ['is not there', server, [undefined], 'it does not exist in zone Z1'],
    ['is an alias', server, [aliasTo('ZP', 'p.elb.example.net.')], 'it is an alias, and a server has an address'],
    ['leads home, whatever the order', fixed, [plain(['192.0.2.2', '192.0.2.1'])], undefined],
    ['leads away already', fixed, [plain(['198.51.100.1'])], undefined],
    ['leads elsewhere', fixed, [plain(['192.0.2.1'])], 'it leads to 192.0.2.1, which is of neither site'],
    ['leads to a name with its dot', cname, [plain(['HOME.example.net.'])], undefined],
    ['leads to a load balancer', alias, [aliasTo('ZP', 'p.elb.example.net.')], undefined],
    [
      'leads to that name in another zone',
      alias,
      [aliasTo('ZX', 'p.elb.example.net.')],
      'it leads to alias p.elb.example.net., weight 7, which is of neither site',
    ],
    ['is no alias', alias, [plain(['192.0.2.1'])], 'it leads to 192.0.2.1, which is of neither site'],
    [
      'has an alias in place of values',
      fixed,
      [aliasTo('ZP', 'p.elb.example.net.')],
      'it leads to alias p.elb.example.net., weight 7, which is of neither site',
    ],
    ['has its weight at home', pair, [weight('192.0.2.1', 9), weight('192.0.2.2', 0)], undefined],
    ['has its weight away', pair, [weight('192.0.2.1', 0), weight('192.0.2.2', 9)], undefined],
    ['lacks one of two', pair, [weight('192.0.2.1', 9), undefined], 'its record "away" does not exist in zone Z1'],
    ...(
      [
        [9, 9],
        [0, 0],
      ] as const
    ).map(([one, other]): [string, TrafficRecord, RecordValue[], string] => [
      `has the weights ${one} and ${other}`,
      pair,
      [weight('192.0.2.1', one), weight('192.0.2.2', other)],
      'one of its two records must have weight 0 and the other must not',
    ]),
    [
      'has no weights',
      pair,
      [plain(['192.0.2.1']), plain(['192.0.2.2'])],
      'one of its two records must have weight 0 and the other must not',
    ],
  ])('that %s can be switched, or says why not', (_why, record, present, fault) => {
    expect(faultOf(record, present)).toBe(fault);
  });
});

describe('a failover pair', () => {
  const moved: FailoverPair = { ...place, type: 'A', failover: { primary: 'home', recovery: 'away' } };
  const role = (Failover: string, more: NonNullable<RecordValue['routing']> = {}) =>
    plain(['192.0.2.1'], { routing: { Failover, ...more } });
  const primary = role('PRIMARY', { HealthCheckId: 'check-1' });

  it('is never changed, and is all that a plan may have', () => {
    expect([namesOf(moved), faultOf(moved, []), ledTo(moved, to('recovery'), [], undefined)]).toEqual([
      [],
      undefined,
      [],
    ]);
    expect(pairOf(moved).map(({ set }) => set)).toEqual(['home', 'away']);
    expect([hasFailoverPair({ traffic: [moved] }), hasChanges({ traffic: [moved] })]).toEqual([true, false]);
    expect([hasFailoverPair({ traffic: [fixed] }), hasChanges({ traffic: [moved, fixed] })]).toEqual([false, true]);
  });

  it.each<[why: string, present: (RecordValue | undefined)[], fault: string | undefined]>([
    ['has roles and health check', [primary, role('SECONDARY')], undefined],
    ['lacks its primary', [undefined, role('SECONDARY')], 'its record "home" does not exist in zone Z1'],
    ['lacks its secondary', [primary, undefined], 'its record "away" does not exist in zone Z1'],
    ['has its roles exchanged', [role('SECONDARY'), primary], 'its record "home" is not the primary one'],
    ['has no roles', [plain(['192.0.2.1']), plain(['192.0.2.2'])], 'its record "home" is not the primary one'],
    ['has two primaries', [primary, primary], 'its record "away" is not the secondary one'],
    [
      'has another check',
      [role('PRIMARY'), role('SECONDARY')],
      `its record "home" does not have the plan's health check, check-1`,
    ],
    [
      'leads to an alias whose health counts',
      [{ ...aliasTo('ZP', 'p.elb.example.net'), ...{ routing: primary.routing } } as RecordValue, role('SECONDARY')],
      'its record "home" evaluates the health of its target, which would move traffic before the servers run',
    ],
    [
      'has a check on both',
      [primary, role('SECONDARY', { HealthCheckId: 'check-1' })],
      'its record "away" must be led to whatever its health: it has a health check or evaluates that of its target',
    ],
  ])('that %s can be moved, or says why not', (_why, present, fault) => {
    expect(pairFault(moved, present, 'check-1')).toBe(fault);
  });

  it('takes the warning from a plan in us-east-1 that has no other records', () => {
    const plan = (region: string, traffic: TrafficRecord[], failover: object = {}) =>
      ({ primary: { region }, traffic, failover }) as unknown as Plan;
    expect(Object.keys(warningsOf(plan('us-east-1', [moved, fixed])))).toEqual(['control-plane']);
    expect(warningsOf(plan('us-east-1', [moved]))).toEqual({});
    expect(warningsOf(plan('eu-west-1', [fixed]))).toEqual({});
    expect(Object.keys(warningsOf(plan('us-east-1', [fixed], { fence: 'none' })))).toEqual([
      'control-plane',
      'unfenced',
    ]);
  });
});

describe('a switch', () => {
  it('changes what a record leads to and its TTL, and nothing else', () => {
    const present = plain(['203.0.113.9'], { ttlSeconds: 300, routing: { HealthCheckId: 'check-1' } });
    expect(ledTo(server, to('recovery', '198.51.100.9'), [present], undefined)).toEqual([
      plain(['198.51.100.9'], { routing: { HealthCheckId: 'check-1' } }),
    ]);
  });

  it('keeps the TTL of a set, whatever the plan has for others', () => {
    const present = plain(['home.example.net'], { ttlSeconds: 17, routing: { Weight: 3 } });
    expect(ledTo(cname, to('recovery'), [present], undefined)).toEqual([
      plain(['away.example.net'], { ttlSeconds: 17, routing: { Weight: 3 } }),
    ]);
  });

  it('leads an alias to the other load balancer, and keeps whether its health counts, and its weight', () => {
    expect(ledTo(alias, to('recovery'), [aliasTo('ZP', 'p.elb.example.net.')], undefined)).toEqual([
      aliasTo('ZR', 'r.elb.example.net'),
    ]);
  });

  it('exchanges weights, and leaves a pair that is there already', () => {
    const [home, away] = [weight('192.0.2.1', 9), weight('192.0.2.2', 0)];
    const moved = ledTo(pair, to('recovery'), [home, away], undefined);
    expect(moved).toEqual([weight('192.0.2.1', 0), weight('192.0.2.2', 9)]);
    expect(ledTo(pair, to('recovery'), moved, undefined)).toBe(moved);
  });

  it('puts back exactly what a failover found, where its record is as it left it', () => {
    const found = [plain(['192.0.2.2', '192.0.2.1'], { ttlSeconds: 5 })];
    expect(ledTo(fixed, to('primary'), [plain(['198.51.100.1'])], found)).toBe(found);
    expect(ledTo(fixed, to('primary'), [plain(['198.51.100.1'])], undefined)).toEqual([
      plain(['192.0.2.1', '192.0.2.2']),
    ]);
  });

  it('leads home all the same where the failover had found it away', () => {
    const away = [plain(['198.51.100.1'])];
    expect(ledTo(fixed, to('primary'), away, away)).toEqual([plain(['192.0.2.1', '192.0.2.2'])]);
  });

  it('gives back the TTL that a failover found, with the address that the server has now', () => {
    const found = [plain(['203.0.113.9'], { ttlSeconds: 300 })];
    expect(ledTo(server, to('primary', '203.0.113.10'), [plain(['198.51.100.9'])], found)).toEqual([
      plain(['203.0.113.10'], { ttlSeconds: 300 }),
    ]);
  });
});

describe('a record set', () => {
  it('is the same whatever the order of values and members, and not where anything differs', () => {
    const geo = (Weight: number) => ({ Weight, GeoLocation: { CountryCode: 'DE', SubdivisionCode: 'BE' } });
    const turned = { GeoLocation: { SubdivisionCode: 'BE', CountryCode: 'DE' }, Weight: 1 };
    expect(isSameRecord(plain(['a.b', 'c.d'], { routing: geo(1) }), plain(['c.d', 'a.b'], { routing: turned }))).toBe(
      true,
    );
    expect(isSameRecord(plain(['a.b'], { routing: geo(1) }), plain(['a.b'], { routing: geo(2) }))).toBe(false);
    expect(isSameRecord(plain(['a.b']), plain(['a.b'], { ttlSeconds: 61 }))).toBe(false);
    expect(isSameRecord(undefined, plain(['a.b']))).toBe(false);
    expect(isSameRecord(aliasTo('ZP', 'P.elb.example.net.'), aliasTo('ZP', 'p.elb.example.net'))).toBe(true);
    expect(isSameRecord(aliasTo('ZP', '\\052.elb.example.net.'), aliasTo('ZP', '*.elb.example.net'))).toBe(true);
    expect(isSameRecord(aliasTo('ZX', 'p.elb.example.net'), aliasTo('ZP', 'p.elb.example.net'))).toBe(false);
  });

  it('has a name with or without a dot, and a set that tells it from others', () => {
    const name = { ...place, type: 'A' } as const;
    expect(isSameName(name, { ...name, name: 'Shop.example.com.' })).toBe(true);
    expect(isSameName(name, { ...name, set: 'eu' })).toBe(false);
    expect([titleOf(name), titleOf({ ...name, set: 'eu' })]).toEqual(['shop.example.com', 'shop.example.com (eu)']);
    expect(wordsOf(weight('192.0.2.1', 9))).toEqual(['192.0.2.1', 'weight 9']);
  });

  it('is read back only where it is whole, and fits its type', () => {
    const change = { ...place, type: 'A', before: plain(['192.0.2.1']), after: plain(['192.0.2.2']), changeId: null };
    const reads = (more: object) => trafficChangeSchema.safeParse({ ...change, ...more }).success;
    expect(reads({})).toBe(true);
    expect(reads({ after: aliasTo('ZP', 'p.elb.example.net') })).toBe(true);
    expect(reads({ type: 'MX' })).toBe(false);
    expect(reads({ after: plain(['home.example.net']) })).toBe(false);
    expect(reads({ after: { values: [] } })).toBe(false);
    expect(reads({ after: { ...aliasTo('ZP', 'p.elb.example.net'), ttlSeconds: 60 } })).toBe(false);
  });
});

it('what an operation was to switch is told by what it was and was to be, and of its controls those that are still to be turned', () => {
  const record = { ...place, type: 'A', changeId: null } as const;
  const traffic = [
    { ...record, before: plain(['192.0.2.1']), after: plain(['198.51.100.1']) },
    { ...record, set: 'eu', before: weight('192.0.2.1', 0), after: weight('192.0.2.1', 9) },
    { ...record, name: 'same.example.com', before: plain(['192.0.2.1']), after: plain(['192.0.2.1']) },
  ];
  const off = { control: 'arn:home', before: 'On', after: 'Off', turnedAt: null } as const;
  const on = { control: 'arn:away', before: 'Off', after: 'On', turnedAt: null } as const;
  expect(switchWords({ traffic, controls: [off, on] })).toBe(
    'shop.example.com from 192.0.2.1 to 198.51.100.1; shop.example.com (eu) from 192.0.2.1, weight 0 to 192.0.2.1, weight 9; arn:home from On to Off; arn:away from Off to On',
  );
  expect(unturnedWords([{ ...off, turnedAt: '2026-01-05T10:00:00.000Z' }, on])).toBe('arn:away On');
  expect([switchWords({ traffic: [] }), unturnedWords([]), unturnedWords(undefined)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

import type { ChangeInfo, ResourceRecordSet } from '@aws-sdk/client-route-53';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ZoneRecord } from '../../sim/route53/record-set.ts';
import { Route53 } from '../../sim/route53/route53.ts';
import { callOf, ManualCloud } from './manual-cloud.ts';

const zone = 'Z0SHOP';
const name = 'shop.example.com';
const balancer = { HostedZoneId: 'ZLB', DNSName: 'lb.elb.example.net', EvaluateTargetHealth: true };

let route53: Route53;

beforeEach(() => {
  route53 = new Route53(new ManualCloud().surroundings());
  route53.addZone({ id: zone, name: 'example.com' });
  route53.healthChecks.add('check-1');
  route53.addLoadBalancer({ zone: 'ZLB', name: 'lb.elb.example.net', addresses: ['192.0.2.80', '2001:db8::80'] });
});

const a = (Value: string, more: Partial<ResourceRecordSet> = {}): ResourceRecordSet => ({
  ...{ Name: name, Type: 'A', TTL: 60, ResourceRecords: [{ Value }] },
  ...more,
});
const weighted = (SetIdentifier: string, Weight: number, more: Partial<ResourceRecordSet> = {}) =>
  a('192.0.2.1', { SetIdentifier, Weight, ...more });
const alias = (more: Partial<ResourceRecordSet> = {}): ResourceRecordSet => ({
  ...{ Name: name, Type: 'A', AliasTarget: balancer },
  ...more,
});
const change = async (Action: 'CREATE' | 'DELETE', ...sets: ResourceRecordSet[]) => {
  // A zone is busy for a moment after each change; these are about other rules.
  route53.busyMs = 0;
  return callOf<{ ChangeInfo: ChangeInfo }>(route53, 'ChangeResourceRecordSets', {
    HostedZoneId: zone,
    ChangeBatch: { Changes: sets.map((ResourceRecordSet) => ({ Action, ResourceRecordSet })) },
  });
};
const record = (change: Partial<ZoneRecord>): ZoneRecord => ({ ...{ name, type: 'A', values: [] }, ...change });
const answers = (times: number) =>
  new Set(Array.from({ length: times }, () => route53.resolve(name, 'A')?.values.join(' ')));

describe('a change of a set', () => {
  it.each<[why: string, code: string, sets: ResourceRecordSet[], message: string]>([
    ['an alias with a TTL', 'InvalidInput', [alias({ TTL: 60 })], 'found more than one'],
    ['neither alias nor values', 'InvalidInput', [{ Name: name, Type: 'A', TTL: 60 }], 'found none'],
    ['a weight without a set', 'InvalidInput', [a('192.0.2.1', { Weight: 1 })], "Missing field 'SetIdentifier'"],
    ['a set without a policy', 'InvalidInput', [a('192.0.2.1', { SetIdentifier: 'one' })], 'but found none'],
    ['two policies', 'InvalidInput', [weighted('one', 1, { Failover: 'SECONDARY' })], 'more than one'],
    ['a weight of 256', 'InvalidInput', [weighted('one', 256)], 'Weight must be 0 to 255'],
    ['a set without a name', 'InvalidInput', [weighted('', 1)], '1 to 128 characters'],
    [
      'a policy beside another',
      'InvalidChangeBatch',
      [weighted('one', 1), a('192.0.2.2')],
      'cannot be created because',
    ],
    ['weighted TTLs that differ', 'InvalidChangeBatch', [weighted('a', 1), weighted('b', 1, { TTL: 9 })], 'TTLs'],
    [
      'a primary without a health check',
      'InvalidChangeBatch',
      [a('192.0.2.1', { SetIdentifier: 'a', Failover: 'PRIMARY' })],
      'needs a health check',
    ],
    [
      'two secondaries',
      'InvalidChangeBatch',
      ['a', 'b'].map((SetIdentifier) => a('192.0.2.1', { SetIdentifier, Failover: 'SECONDARY' as const })),
      'SECONDARY twice',
    ],
    [
      'an alias as a multivalue answer',
      'InvalidChangeBatch',
      [alias({ SetIdentifier: 'a', MultiValueAnswer: true })],
      'multivalue',
    ],
    ['an unknown health check', 'NoSuchHealthCheck', [weighted('a', 1, { HealthCheckId: 'check-9' })], 'check-9'],
    [
      'an alias that leads nowhere',
      'InvalidChangeBatch',
      [alias({ AliasTarget: { ...balancer, HostedZoneId: 'Z9' } })],
      'target was not found',
    ],
  ])('with %s is refused, and nothing is changed', async (_why, code, sets, message) => {
    await expect(change('CREATE', ...sets)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    expect(route53.resolve(name, 'A')).toBeUndefined();
  });

  it('refuses by name what is not modelled', async () => {
    await expect(change('CREATE', a('192.0.2.1', { SetIdentifier: 'eu', Region: 'eu-west-1' }))).rejects.toThrow(
      'Region of record sets',
    );
    await expect(change('CREATE', alias({ Type: 'CNAME' }))).rejects.toThrow('aliases of type CNAME');
  });

  it('deletes only with the exact weight, check, alias and set, and leaves the rest of the set alone', async () => {
    const home = weighted('home', 100, { HealthCheckId: 'check-1' });
    await change('CREATE', home, weighted('away', 0));
    for (const wrong of [{ Weight: 99 }, { SetIdentifier: 'elsewhere' }, { ResourceRecords: [{ Value: '192.0.2.2' }] }])
      await expect(change('DELETE', { ...home, ...wrong })).rejects.toMatchObject({ code: 'InvalidChangeBatch' });
    await expect(change('DELETE', weighted('home', 100))).rejects.toThrow('do not match');
    await change('DELETE', home);
    const { ResourceRecordSets } = await callOf<{ ResourceRecordSets: ResourceRecordSet[] }>(
      route53,
      'ListResourceRecordSets',
      { HostedZoneId: zone, StartRecordName: name, StartRecordType: 'A' },
    );
    expect(ResourceRecordSets).toEqual([{ ...weighted('away', 0), Name: `${name}.` }]);
  });

  it('lists a set by its identifiers, from one of them on', async () => {
    await change('CREATE', ...['c', 'a', 'b'].map((set) => weighted(set, 1)));
    const list = (more: object) =>
      callOf<{ ResourceRecordSets: ResourceRecordSet[]; NextRecordIdentifier?: string }>(
        route53,
        'ListResourceRecordSets',
        { HostedZoneId: zone, StartRecordName: name, ...more },
      );
    const page = await list({ StartRecordType: 'A', StartRecordIdentifier: 'b', MaxItems: 1 });
    expect(page.ResourceRecordSets.map(({ SetIdentifier }) => SetIdentifier)).toEqual(['b']);
    expect(page.NextRecordIdentifier).toBe('c');
    await expect(list({ StartRecordIdentifier: 'b' })).rejects.toMatchObject({ code: 'InvalidInput' });
  });
});

describe('an answer from a set', () => {
  it('is of a record that has weight, of all alike where none has, and of one without weight where no other is healthy', () => {
    const set = (of: string, weight: number, value: string, healthCheck?: string) =>
      route53.setRecord(
        zone,
        record({
          ...{ set: of, routing: { policy: 'weighted', weight }, ttlSeconds: 60, values: [value] },
          ...(healthCheck === undefined ? {} : { healthCheck }),
        }),
      );
    set('home', 100, '192.0.2.1', 'check-1');
    set('away', 0, '192.0.2.2');
    expect([...answers(20)]).toEqual(['192.0.2.1']);
    route53.healthChecks.add('check-1', false);
    expect([...answers(20)]).toEqual(['192.0.2.2']);
    route53.healthChecks.add('check-1', true);
    set('away', 100, '192.0.2.2');
    expect([...answers(50)].sort()).toEqual(['192.0.2.1', '192.0.2.2']);
    set('home', 0, '192.0.2.1', 'check-1');
    set('away', 0, '192.0.2.2');
    expect([...answers(50)].sort()).toEqual(['192.0.2.1', '192.0.2.2']);
  });

  it('is the primary while it is healthy, else the secondary, and the primary again where neither is', () => {
    route53.healthChecks.add('check-2');
    const set = (role: 'PRIMARY' | 'SECONDARY', value: string, healthCheck: string) =>
      route53.setRecord(
        zone,
        record({ set: role, routing: { policy: 'failover', role }, ttlSeconds: 60, values: [value], healthCheck }),
      );
    set('PRIMARY', '192.0.2.1', 'check-1');
    set('SECONDARY', '192.0.2.2', 'check-2');
    const now = () => route53.resolve(name, 'A')?.values;
    expect(now()).toEqual(['192.0.2.1']);
    route53.healthChecks.add('check-1', false);
    expect(now()).toEqual(['192.0.2.2']);
    route53.healthChecks.add('check-2', false);
    expect(now()).toEqual(['192.0.2.1']);
  });

  it('is of all healthy records of a multivalue answer together', () => {
    for (const [set, value, healthCheck] of [
      ['one', '192.0.2.1', 'check-1'],
      ['two', '192.0.2.2', 'check-2'],
    ] as const) {
      route53.healthChecks.add(healthCheck);
      route53.setRecord(
        zone,
        record({ set, routing: { policy: 'multivalue' }, ttlSeconds: 60, values: [value], healthCheck }),
      );
    }
    expect(route53.resolve(name, 'A')?.values).toEqual(['192.0.2.1', '192.0.2.2']);
    route53.healthChecks.add('check-2', false);
    expect(route53.resolve(name, 'A')?.values).toEqual(['192.0.2.1']);
  });

  it('of an alias is what its target answers, and as healthy as that', () => {
    const target = { zone: 'ZLB', name: 'lb.elb.example.net', evaluatesHealth: true };
    route53.setRecord(zone, record({ set: 'home', routing: { policy: 'failover', role: 'PRIMARY' }, alias: target }));
    route53.setRecord(
      zone,
      record({
        ...{ set: 'away', routing: { policy: 'failover', role: 'SECONDARY' } },
        ...{ ttlSeconds: 20, values: ['192.0.2.2'] },
      }),
    );
    expect(route53.resolve(name, 'A')).toEqual({ values: ['192.0.2.80'], ttlSeconds: 60 });
    route53.addLoadBalancer({ ...target, addresses: [], isHealthy: false });
    expect(route53.resolve(name, 'A')).toEqual({ values: ['192.0.2.2'], ttlSeconds: 20 });
    const own = { zone, name, evaluatesHealth: false };
    route53.setRecord(zone, { name: 'www.example.com', type: 'A', values: [], alias: own });
    expect(route53.resolve('www.example.com', 'A')).toEqual({ values: ['192.0.2.2'], ttlSeconds: 20 });
  });

  it('comes from the zone that was named, where two have the same name', () => {
    route53.addZone({ id: 'ZPRIVATE', name: 'example.com', private: true });
    route53.setRecord(zone, record({ ttlSeconds: 60, values: ['192.0.2.1'] }));
    route53.setRecord('ZPRIVATE', record({ ttlSeconds: 5, values: ['10.0.0.1'] }));
    expect(route53.resolve(name, 'A', zone)?.values).toEqual(['192.0.2.1']);
    expect(route53.resolve(name, 'A')?.values).toEqual(['10.0.0.1']);
  });
});

import type { Change, ChangeInfo, RRType } from '@aws-sdk/client-route-53';
import { beforeEach, describe, expect, it } from 'vitest';
import { Route53 } from '../../sim/route53/route53.ts';
import { callOf, ManualCloud } from './manual-cloud.ts';

const zone = 'Z0SHOP';

let cloud: ManualCloud;
let route53: Route53;

beforeEach(() => {
  cloud = new ManualCloud();
  route53 = new Route53(cloud.surroundings());
  route53.addZone({ id: zone, name: 'example.com' });
  route53.setRecord(zone, { name: 'shop.example.com', type: 'A', ttlSeconds: 60, values: ['192.0.2.1'] });
});

const edit = (Action: Change['Action'], Name: string, values: string[], Type: RRType = 'A', TTL = 60): Change => ({
  Action,
  ResourceRecordSet: { Name, Type, TTL, ResourceRecords: values.map((Value) => ({ Value })) },
});
const change = async (...Changes: Change[]) => {
  const { ChangeInfo } = await callOf<{ ChangeInfo: ChangeInfo }>(route53, 'ChangeResourceRecordSets', {
    HostedZoneId: zone,
    ChangeBatch: { Changes },
  });
  return ChangeInfo;
};
const status = async (Id: string | undefined) =>
  (await callOf<{ ChangeInfo: ChangeInfo }>(route53, 'GetChange', { Id })).ChangeInfo.Status;
const list = (input: object = {}) =>
  callOf<{ ResourceRecordSets: { Name: string; Type: string; ResourceRecords: { Value: string }[] }[] }>(
    route53,
    'ListResourceRecordSets',
    { HostedZoneId: zone, ...input },
  );
const records = async () => (await list()).ResourceRecordSets.map(({ Name, Type }) => `${Type} ${Name}`);
const switchTo = (to: string, from = '192.0.2.1') => [
  edit('DELETE', 'shop.example.com', [from]),
  edit('CREATE', 'shop.example.com.', [to]),
];

describe('a change', () => {
  it('is listed at once, and answered by DNS servers when it is in sync, 30 to 60 s later', async () => {
    const { Id, Status } = await change(...switchTo('198.51.100.9'));
    expect([Id, Status]).toEqual([expect.stringMatching(/^\/change\/C[0-9A-F]{20}$/), 'PENDING']);
    expect(
      (await list({ StartRecordName: 'shop.example.com', MaxItems: 1 })).ResourceRecordSets[0]?.ResourceRecords,
    ).toEqual([{ Value: '198.51.100.9' }]);
    await cloud.advance(29);
    expect([await status(Id), route53.resolve('shop.example.com', 'A')?.values]).toEqual(['PENDING', ['192.0.2.1']]);
    await cloud.advance(31);
    expect([await status(Id), route53.resolve('shop.example.com', 'A')?.values]).toEqual(['INSYNC', ['198.51.100.9']]);
  });

  it('is known by its bare id as well, and an unknown one is told', async () => {
    const { Id = '' } = await change(...switchTo('198.51.100.9'));
    expect(await status(Id.replace('/change/', ''))).toBe('PENDING');
    await expect(status('C0')).rejects.toMatchObject({ code: 'NoSuchChange', status: 404 });
  });

  it('reaches the servers after the changes before it', async () => {
    route53.inSyncMs = { min: 60_000, max: 60_000 };
    await change(...switchTo('198.51.100.9'));
    await cloud.advance(1);
    route53.inSyncMs = { min: 10_000, max: 10_000 };
    const { Id } = await change(...switchTo('198.51.100.10', '198.51.100.9'));
    await cloud.advance(58);
    expect([await status(Id), route53.resolve('shop.example.com', 'A')?.values]).toEqual(['PENDING', ['192.0.2.1']]);
    await cloud.advance(1);
    expect([await status(Id), route53.resolve('shop.example.com', 'A')?.values]).toEqual(['INSYNC', ['198.51.100.10']]);
  });

  it('is refused while the zone works on the one before', async () => {
    await change(edit('UPSERT', 'a.example.com', ['192.0.2.2']));
    await expect(change(edit('UPSERT', 'b.example.com', ['192.0.2.2']))).rejects.toMatchObject({
      code: 'PriorRequestNotComplete',
      status: 400,
    });
    await cloud.advance(1);
    await change(edit('UPSERT', 'b.example.com', ['192.0.2.2']));
  });

  it('is kept with what was before, when it was made and when it was in sync', async () => {
    const at = cloud.clock.now();
    await change(...switchTo('198.51.100.9'));
    expect(route53.history).toMatchObject([
      { at, action: 'DELETE', zone, record: { name: 'shop.example.com.', values: ['192.0.2.1'] } },
      { at, action: 'CREATE', zone, before: { values: ['192.0.2.1'] }, record: { values: ['198.51.100.9'] } },
    ]);
    const [first] = route53.history;
    expect((first?.inSyncAt ?? 0) - at).toBeGreaterThanOrEqual(30_000);
  });
});

describe('a batch', () => {
  it('changes nothing when one of its changes is refused', async () => {
    const batch = change(edit('CREATE', 'a.example.com', ['192.0.2.2']), ...switchTo('198.51.100.9', '203.0.113.1'));
    const message =
      "Tried to delete resource record set [name='shop.example.com.', type='A'] but the values provided do not match the current values";
    await expect(batch).rejects.toMatchObject({
      code: 'InvalidChangeBatch',
      fields: { messages: expect.arrayContaining([message]) },
    });
    expect(await records()).toEqual(['NS example.com.', 'SOA example.com.', 'A shop.example.com.']);
    expect(route53.history).toEqual([]);
  });

  it('deletes only with the exact TTL and values, in any order of values', async () => {
    route53.setRecord(zone, { name: 'two.example.com', type: 'A', ttlSeconds: 60, values: ['192.0.2.1', '192.0.2.2'] });
    await expect(change(edit('DELETE', 'two.example.com', ['192.0.2.1', '192.0.2.2'], 'A', 61))).rejects.toThrow(
      'do not match',
    );
    await expect(change(edit('DELETE', 'two.example.com', ['192.0.2.1']))).rejects.toThrow('do not match');
    await change(edit('DELETE', 'TWO.example.com.', ['192.0.2.2', '192.0.2.1']));
    expect(await records()).not.toContain('A two.example.com.');
  });

  const refused: [string, Change[], string][] = [
    ['creates what exists', [edit('CREATE', 'shop.example.com', ['192.0.2.9'])], 'but it already exists'],
    ['deletes what does not exist', [edit('DELETE', 'no.example.com', ['192.0.2.9'])], 'but it was not found'],
    ['leaves the zone', [edit('CREATE', 'shop.example.org', ['192.0.2.9'])], 'is not permitted in zone example.com.'],
    ['gives a wrong address', [edit('UPSERT', 'shop.example.com', ['192.0.2'])], 'is not a valid IPv4 address'],
    ['puts a CNAME at the apex', [edit('CREATE', 'example.com', ['a.example.com'], 'CNAME')], 'at apex'],
    [
      'puts a CNAME beside another record',
      [edit('CREATE', 'shop.example.com', ['a.example.com'], 'CNAME')],
      'conflicting RRSet of type A',
    ],
    [
      'changes one record twice',
      [edit('UPSERT', 'a.example.com', ['192.0.2.9']), edit('UPSERT', 'a.example.com', ['192.0.2.8'])],
      'invalid set of changes',
    ],
    [
      'holds over 1,000 values, an UPSERT counted twice',
      Array.from({ length: 501 }, (_, index) => edit('UPSERT', `r${index}.example.com`, ['192.0.2.9'])),
      'Number of records limit of 1000 exceeded',
    ],
    [
      'holds over 32,000 characters',
      [edit('CREATE', 't.example.com', [`"${'x'.repeat(32_000)}"`], 'TXT')],
      'Number of characters limit of 32000 exceeded',
    ],
  ];
  it.each(refused)('that %s is refused', async (_why, changes, message) => {
    await expect(change(...changes)).rejects.toMatchObject({
      code: 'InvalidChangeBatch',
      message: expect.stringContaining(message),
    });
  });

  it('without values or TTL is invalid input, and what is not modelled is refused by name', async () => {
    await expect(
      change({ Action: 'DELETE', ResourceRecordSet: { Name: 'shop.example.com', Type: 'A' } }),
    ).rejects.toMatchObject({ code: 'InvalidInput' });
    await expect(change(edit('CREATE', '*.example.com', ['192.0.2.9']))).rejects.toThrow('*.example.com');
  });
});

describe('a zone', () => {
  it('is listed by reversed names, a page at a time', async () => {
    for (const name of ['b.a.example.com', 'a.example.com', 'z.example.com']) {
      route53.setRecord(zone, { name, type: 'A', ttlSeconds: 60, values: ['192.0.2.1'] });
    }
    const all = await records();
    expect(all).toEqual([
      'NS example.com.',
      'SOA example.com.',
      'A a.example.com.',
      'A b.a.example.com.',
      'A shop.example.com.',
      'A z.example.com.',
    ]);
    const paged: string[] = [];
    let start: object | undefined = {};
    while (start !== undefined) {
      const page: Record<string, unknown> & { ResourceRecordSets: { Name: string; Type: string }[] } = await list({
        MaxItems: 2,
        ...start,
      });
      paged.push(...page.ResourceRecordSets.map(({ Name, Type }) => `${Type} ${Name}`));
      start =
        page.IsTruncated === true
          ? { StartRecordName: page.NextRecordName, StartRecordType: page.NextRecordType }
          : undefined;
    }
    expect(paged).toEqual(all);
  });

  it('is described, and an unknown one is told', async () => {
    expect(await callOf(route53, 'GetHostedZone', { Id: `/hostedzone/${zone}` })).toMatchObject({
      HostedZone: {
        Id: `/hostedzone/${zone}`,
        Name: 'example.com.',
        Config: { PrivateZone: false },
        ResourceRecordSetCount: 3,
      },
    });
    await expect(callOf(route53, 'GetHostedZone', { Id: 'Z9' })).rejects.toMatchObject({ code: 'NoSuchHostedZone' });
  });

  it('goes on answering while its control plane is lost', async () => {
    route53.isControlPlaneLost = true;
    await expect(change(...switchTo('198.51.100.9'))).rejects.toMatchObject({
      code: 'ServiceUnavailable',
      status: 503,
    });
    await expect(list()).rejects.toMatchObject({ code: 'ServiceUnavailable' });
    expect(route53.resolve('shop.example.com', 'A')).toEqual({ values: ['192.0.2.1'], ttlSeconds: 60 });
  });
});

describe('resolving', () => {
  it('follows CNAMEs with the shortest TTL, and answers nothing for unknown names', () => {
    route53.setRecord(zone, { name: 'www.example.com', type: 'CNAME', ttlSeconds: 20, values: ['shop.example.com'] });
    expect(route53.resolve('WWW.example.com.', 'A')).toEqual({ values: ['192.0.2.1'], ttlSeconds: 20 });
    expect(route53.resolve('shop.example.com', 'AAAA')).toBeUndefined();
    expect(route53.resolve('shop.example.org', 'A')).toBeUndefined();
  });

  it('asks the private zone before the public one', () => {
    route53.addZone({ id: 'ZPRIVATE', name: 'example.com', private: true });
    route53.setRecord('ZPRIVATE', { name: 'shop.example.com', type: 'A', ttlSeconds: 5, values: ['10.0.0.1'] });
    expect(route53.resolve('shop.example.com', 'A')?.values).toEqual(['10.0.0.1']);
  });
});

import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../lib/domain/plan.ts';
import type { Life } from '../../proof/life.ts';
import { clusterEndpoints, controlOf } from '../../proof/shop.ts';
import { assemblyOf, openLife, outcomeOf, setSchedules, shop, smallShop } from './shop-stage.ts';

const [open, inside] = ['Z0SHOPEXAMPLE', 'Z0SHOPINSIDE'];
const elb = {
  primary: { zone: 'Z32O12XQLNTSW2', name: 'dualstack.shop-0a1b.eu-west-1.elb.amazonaws.com' },
  recovery: { zone: 'Z215JYRZR1TBD5', name: 'dualstack.shop-0c2d.eu-central-1.elb.amazonaws.com' },
};
const control = controlOf(1, 1);
/** One name in a public and in a private zone, and every way in which a record can lead to a site. */
const plan: Plan = {
  ...shop,
  failover: { rtoTargetSeconds: 1_800, whenFenceIsOwed: 'proceed' },
  traffic: [
    { zone: open, name: 'shop.example.com', type: 'A', ttlSeconds: 60, server: 'web', address: 'public' },
    { zone: inside, name: 'shop.example.com', type: 'A', ttlSeconds: 60, server: 'web', address: 'private' },
    { zone: inside, name: 'db.shop.example.com', type: 'A', set: 'eu', server: 'db', address: 'private' },
    {
      ...{ zone: open, name: 'shop.example.com', type: 'AAAA', ttlSeconds: 60 },
      values: { primary: ['2001:db8:1::1', '2001:db8:1::2'], recovery: ['2001:db8:2::1'] },
    },
    {
      ...{ zone: open, name: 'mail.shop.example.com', type: 'CNAME', ttlSeconds: 60 },
      values: { primary: ['home.example.net'], recovery: ['away.example.net'] },
    },
    { zone: open, name: 'www.shop.example.com', type: 'A', set: 'eu', alias: elb },
    { zone: open, name: 'api.shop.example.com', type: 'A', weighted: { primary: 'home', recovery: 'away' } },
    { zone: inside, name: 'cache.shop.example.com', type: 'A', failover: { primary: 'home', recovery: 'away' } },
    { routingControls: { primary: control }, endpoints: clusterEndpoints },
  ],
};

const assembly = assemblyOf(plan);
let life: Life;
/** All of both zones before anything happened. */
let before: Record<string, ResourceRecordSet[]>;

const route53 = () => life.stage.cloud.services(plan.recovery.region).route53;
const zones = async () => {
  const list = async (HostedZoneId: string) => {
    const call = route53().operations['ListResourceRecordSets'];
    return (await call?.run({ HostedZoneId } as never, {} as never)) as { ResourceRecordSets: ResourceRecordSet[] };
  };
  return {
    [open]: (await list(open)).ResourceRecordSets,
    [inside]: (await list(inside)).ResourceRecordSets,
  };
};
/** The records of a name in a zone that an earlier look found. */
const of = (all: Record<string, ResourceRecordSet[]>, zone: string, name: string, type = 'A') =>
  all[zone]?.filter(({ Name, Type }) => Name === `${name}.` && Type === type);
/** Which record of the failover pair is the one that is answered with. */
const pair = () => {
  const [value = ''] = route53().resolve('cache.shop.example.com', 'A', inside)?.values ?? [];
  return route53()
    .servedRecords(inside, 'cache.shop.example.com', 'A')
    .find(({ values }) => values.includes(value))?.set;
};
const turned = () => life.stage.cloud.services(plan.recovery.region).recoverycluster.stateOf(control);
const web = (zone: string) => route53().resolve('shop.example.com', 'A', zone)?.values[0] ?? '';
const newest = async (kind: 'failover' | 'failback') => {
  const all = await life.stage.clock.settle(life.stage.catalogue.operations(plan.name));
  return all.filter((operation) => operation.kind === kind).toSorted((a, b) => b.epoch - a.epoch)[0];
};
/** What is there now, with the address of the web server as it was: it gets another one at every start. */
async function likeBefore(address: string) {
  const text = JSON.stringify(await zones()).replaceAll(`"${web(open)}"`, `"${address}"`);
  return JSON.parse(text) as Record<string, ResourceRecordSet[]>;
}
const batches = (since: number) =>
  life.stage.cloud.record.calls.filter(({ operation, at }) => operation === 'ChangeResourceRecordSets' && at >= since);

/** Records as somebody has made them, with more about them than the plan knows, and others beside them. */
function furnish(): void {
  route53().healthChecks.add('check-eu');
  const weighted = (weight: number) => ({ routing: { policy: 'weighted', weight } as const });
  const www = { name: 'www.shop.example.com', type: 'A', values: [], healthCheck: 'check-eu' } as const;
  route53().setRecord(open, { ...www, set: 'eu', ...weighted(40), alias: { ...elb.primary, evaluatesHealth: true } });
  route53().setRecord(open, { ...www, set: 'us', ...weighted(60), ttlSeconds: 9, values: ['192.0.2.60'] });
  const api = { name: 'api.shop.example.com', type: 'A', ttlSeconds: 60 } as const;
  route53().setRecord(open, { ...api, set: 'away', ...weighted(0), values: ['198.51.100.7'], healthCheck: 'check-eu' });
  route53().setRecord(open, { ...api, set: 'home', ...weighted(70), values: ['192.0.2.7'] });
  const mail = { name: 'mail.shop.example.com', type: 'CNAME', ttlSeconds: 3_600 } as const;
  route53().setRecord(open, { ...mail, values: ['home.example.net'] });
  route53().setRecord(inside, {
    ...api,
    ttlSeconds: 17,
    name: 'db.shop.example.com',
    set: 'us',
    ...weighted(1),
    values: ['10.9.9.9'],
  });
}

beforeAll(async () => {
  life = await openLife({ seed: 61, plan, assembly: assembly(), world: { ...smallShop, privateZones: [inside] } });
  await setSchedules(life.stage, 'measure', 'DISABLED');
  const db = route53().servedRecords(inside, 'db.shop.example.com', 'A')[0];
  route53().setRecord(inside, { ...(db as NonNullable<typeof db>), ttlSeconds: 17, healthCheck: 'check-eu' });
  furnish();
  before = await zones();
  expect(outcomeOf(await life.run('protect')).status).toBe('SUCCEEDED');
}, 300_000);
afterAll(() => life.stage.close());

describe('records that lead to a site in different ways', () => {
  it('are refused before anything happens where one leads to neither site', async () => {
    const mail = { name: 'mail.shop.example.com', type: 'CNAME', ttlSeconds: 3_600 } as const;
    route53().setRecord(open, { ...mail, values: ['elsewhere.example.net'] });
    const since = life.stage.clock.now();
    const ended = outcomeOf(await life.run('failover'));
    expect(ended.message).toContain(
      'record mail.shop.example.com CNAME cannot be switched: it leads to elsewhere.example.net, which is of neither site',
    );
    expect(batches(since)).toEqual([]);
    route53().setRecord(open, { ...mail, values: ['home.example.net'] });
  });

  it('are put back exactly where one of two zones refuses its batch (I5)', async () => {
    const address = web(open);
    life.stage.cloud.faults.add({ kind: 'refused', operation: 'ChangeResourceRecordSets', skip: 1 });
    const back = { operation: 'ChangeResourceRecordSets', caller: 'TrafficRestore', times: 1_000 };
    const refused = life.stage.cloud.faults.add({ kind: 'refused', ...back });
    const since = life.stage.clock.now();
    expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'FAILED', error: 'AwsRefused' });
    refused.remove();
    // The first one's batch cannot be put back either: what to do then is said, and is true.
    const failed = await newest('failover');
    const undo = { plan: plan.name, undo: failed?.id };
    expect(failed?.outcome).toBe('failed');
    expect(failed?.cause).toMatch(/The undo failed too: AwsRefused: Cannot switch shop\.example\.com/);
    expect(failed?.cause).toContain(`it was to switch shop.example.com from ${address} to `);
    expect(failed?.cause).toContain('mail.shop.example.com from home.example.net to away.example.net');
    expect(failed?.cause).toContain(`${control} from On to Off. When the cause is gone, undo it again: `);
    expect(failed?.cause).toContain(JSON.stringify(undo));
    await life.run('failover', undo);
    await life.rest();
    // One batch for the public zone, one that was refused, and one that puts the first one's back once it may.
    expect(batches(since).map(({ outcome, role }) => [outcome, /TrafficRestore/.test(role ?? '')])).toEqual([
      ['answered', false],
      ['refused', false],
      ...Array.from({ length: 13 }, () => ['refused', true]),
      ['answered', true],
    ]);
    expect(await likeBefore(address)).toEqual(before);
    expect([pair(), turned()]).toEqual(['home', 'On']);
    expect(await life.broken()).toEqual([]);
  });

  it('move in one batch for each zone, with all else of them and the records beside them as they were; an undo leads the failover pair and the routing control after them (I5)', async () => {
    const since = life.stage.clock.now();
    // A rule that a failover breaks, until somebody takes it away.
    const { recoverycluster } = life.stage.cloud.services(plan.recovery.region);
    recoverycluster.addRule({ controls: [control], atLeast: 1 });
    const watched = life.stage.cloud.record.watch(({ role }) => {
      if (role?.includes('FailoverUndo') === true) recoverycluster.dropRules();
    });
    const ended = outcomeOf(await life.run('failover'));
    watched();
    expect(ended).toMatchObject({ error: 'TrafficChanged', message: expect.stringContaining('a safety rule of') });
    expect((await newest('failover'))?.outcome).toBe('succeeded');
    expect(batches(since).map(({ input }) => input['HostedZoneId'])).toEqual([open, inside]);
    const now = await zones();
    const [eu, us] = of(before, open, 'www.shop.example.com') ?? [];
    const alias = { HostedZoneId: elb.recovery.zone, DNSName: `${elb.recovery.name}.`, EvaluateTargetHealth: true };
    expect(of(now, open, 'www.shop.example.com')).toEqual([{ ...eu, AliasTarget: alias }, us]);
    expect(eu).toMatchObject({ Weight: 40, HealthCheckId: 'check-eu', SetIdentifier: 'eu' });
    const [gone, stayed] = of(before, open, 'api.shop.example.com') ?? [];
    expect(of(now, open, 'api.shop.example.com')).toEqual([
      { ...gone, Weight: 70 },
      { ...stayed, Weight: 0 },
    ]);
    expect(of(now, open, 'mail.shop.example.com', 'CNAME')).toMatchObject([
      { TTL: 60, ResourceRecords: [{ Value: 'away.example.net' }] },
    ]);
    expect(of(now, open, 'shop.example.com', 'AAAA')).toMatchObject([
      { ResourceRecords: [{ Value: '2001:db8:2::1' }] },
    ]);
    const [db, other] = of(before, inside, 'db.shop.example.com') ?? [];
    const private_ = of(now, inside, 'db.shop.example.com') ?? [];
    expect(private_).toEqual([{ ...db, ResourceRecords: [expect.anything()] }, other]);
    const { ec2 } = life.stage.cloud.services(plan.recovery.region);
    await life.rest();
    expect([ec2.instanceAt(web(open))?.instanceId, ec2.instanceAt(web(inside))?.instanceId]).toEqual([
      life.stage.workload.instanceIn(plan.recovery.region, 'web'),
      life.stage.workload.instanceIn(plan.recovery.region, 'web'),
    ]);
    expect(web(open)).not.toBe(web(inside));
    expect([pair(), turned()]).toEqual(['away', 'Off']);
    expect(await life.broken()).toEqual([]);
  });

  it('come home as they were before the failover, TTLs included', async () => {
    const [original = ''] =
      of(before, open, 'shop.example.com')?.flatMap(({ ResourceRecords = [] }) => ResourceRecords[0]?.Value ?? []) ??
      [];
    life.write(1);
    // Once the records lead home a failback is final: a control that AWS refuses to turn is left to people, who are told.
    for (const caller of ['TrafficSwitch', 'TrafficRestore'])
      life.stage.cloud.faults.add({ kind: 'refused', operation: 'UpdateRoutingControlStates', caller, times: 100 });
    expect(outcomeOf(await life.run('failback'))).toMatchObject({ error: 'AwsRefused' });
    const returned = await newest('failback');
    expect(returned?.outcome).toBe('succeeded');
    expect(returned?.cause).toMatch(/ It is final, and what was left to do failed too: AwsRefused: /);
    expect(returned?.cause).toMatch(new RegExp(` Its servers serve: leave them, and turn by hand ${control} On\\.$`));
    const { recoverycluster } = life.stage.cloud.services(plan.recovery.region);
    recoverycluster.addCluster(clusterEndpoints, { [control]: 'On' });
    await life.rest();
    expect(await likeBefore(original)).toEqual(before);
    expect([pair(), turned()]).toEqual(['home', 'On']);
    expect(await life.broken()).toEqual([]);
  });
});

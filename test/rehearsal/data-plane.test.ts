import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Plan } from '../../lib/domain/plan.ts';
import type { Life } from '../../proof/life.ts';
import { clusterEndpoints, controlOf } from '../../proof/shop.ts';
import { assemblyOf, openLife, outcomeOf, setSchedules, shop } from './shop-stage.ts';

const zone = 'Z0SHOPEXAMPLE';
const name = 'shop.example.com';
const elasticIp = 'eipalloc-0e100000000000003';
/** Two of one control panel, and a pair of another one. */
const [alone, other, ofHome, ofAway] = [controlOf(1, 1), controlOf(1, 2), controlOf(2, 1), controlOf(2, 2)];
/** In the Region of Route 53's control plane, and switched without it. */
const plan: Plan = {
  ...shop,
  primary: { region: 'us-east-1' },
  servers: Object.fromEntries(
    Object.entries(shop.servers).map(([key, server]) => [key, key === 'web' ? { ...server, elasticIp } : server]),
  ),
  failover: { rtoTargetSeconds: 1_800, whenFenceIsOwed: 'proceed' },
  traffic: [
    { zone, name, type: 'A', failover: { primary: 'home', recovery: 'away' } },
    { routingControls: { primary: alone }, endpoints: clusterEndpoints },
    { routingControls: { primary: other }, endpoints: clusterEndpoints },
    { routingControls: { primary: ofHome, recovery: ofAway }, endpoints: clusterEndpoints },
  ],
};
const [home, away] = [plan.primary.region, plan.recovery.region];

const assembly = assemblyOf(plan);
let life: Life;

const route53 = () => life.stage.cloud.services(away).route53;
/** The Region of the server that DNS leads to, if it serves. */
function servedIn(): string | undefined {
  const address = route53().resolve(name, 'A', zone)?.values[0] ?? '';
  return [home, away].find((region) => life.stage.cloud.services(region).ec2.instanceAt(address)?.serving === true);
}
const last = async (kind: 'failover' | 'failback') =>
  (await life.stage.clock.settle(life.stage.catalogue.moves(plan.name)))
    .toSorted((one, other) => one.epoch - other.epoch)
    .findLast((each) => each.kind === kind);
const asked = () => life.stage.cloud.record.calls.filter(({ service }) => service === 'route53');

const cluster = () => life.stage.cloud.services(away).recoverycluster;
/** Of the pair, then of one of the others. */
const turned = () => [ofHome, ofAway, other].map((control) => cluster().stateOf(control)).join();
const turnedBy = (step: string) =>
  cluster().history.flatMap(({ by = '', control, after }) => (by.includes(step) ? [`${control} ${after}`] : []));

/** Where DNS led when the operation committed, looked at every second. */
async function servedAtCommit(kind: 'failover' | 'failback') {
  const seen: string[] = [];
  const execution = life.stage.start(kind);
  await life.stage.clock.run(() => {
    const isCommitting = execution.history.some(({ state }) => state?.name === 'Commit');
    if (isCommitting && seen.length === 0) seen.push(servedIn() ?? 'nobody');
    return execution.status !== 'RUNNING';
  });
  return { ended: outcomeOf(execution), served: seen[0] };
}

beforeAll(async () => {
  life = await openLife({ seed: 62, plan, assembly: assembly() });
  const { stage } = life;
  await setSchedules(stage, 'measure', 'DISABLED');
  const { ec2 } = stage.cloud.services(home);
  const web = ec2.state.instances.get(plan.servers['web']?.instance ?? '');
  const publicIp = '198.51.100.77';
  stage.cloud.services(away).ec2.addElasticIp({ id: elasticIp, publicIp });
  for (const record of route53().servedRecords(zone, name, 'A')) {
    const address = record.set === 'home' ? web?.interfaces[0]?.privateIp : publicIp;
    route53().setRecord(zone, { ...record, values: [address ?? ''] });
  }
  expect(servedIn()).toBe(home);
  expect(outcomeOf(await life.run('protect')).status).toBe('SUCCEEDED');
}, 300_000);
afterAll(() => life.stage.close());

it('turns back the control of one panel where somebody turned one of another panel meanwhile, and leaves what they turned back themselves (I5)', async () => {
  const watched = life.stage.cloud.record.watch(({ operation }) => {
    const isLook = operation === 'GetRoutingControlState' && turnedBy('TrafficSwitch').length > 0;
    if (!isLook || turned() !== 'On,Off,Off') return;
    cluster().addCluster(clusterEndpoints, { [ofAway]: 'On', [other]: 'On' });
    watched();
  });
  const ended = outcomeOf(await life.run('failover'));
  expect(ended).toMatchObject({
    error: 'TrafficChanged',
    message: expect.stringMatching(
      new RegExp(
        `: somebody turned a routing control meanwhile, and now they are ${ofHome} On, ${ofAway} On\\. Look at the control`,
      ),
    ),
  });
  expect(turnedBy('TrafficSwitch')).toEqual([`${alone} Off`, `${other} Off`]);
  expect(turnedBy('TrafficRestore')).toEqual([`${alone} On`, `${ofAway} Off`]);
  await life.rest();
  expect([turned(), servedIn()]).toEqual(['On,Off,On', home]);
  expect(await life.broken()).toEqual([]);
});

it('leads home again what an undone failover had begun to lead away, and is not taken for switched meanwhile (I5)', async () => {
  // Controls that lead there already say nothing of where the operation brought users.
  cluster().addCluster(clusterEndpoints, { [ofHome]: 'Off', [ofAway]: 'On', [alone]: 'Off', [other]: 'Off' });
  life.stage.cloud.faults.add({ kind: 'refused', operation: 'PutMetricData', caller: 'TrafficSwitch', skip: 1 });
  expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'FAILED', error: 'AwsRefused' });
  expect(await last('failover')).toMatchObject({ outcome: 'rolled-back', committedAt: null });
  await life.rest();
  expect([servedIn(), turned()]).toEqual([home, 'Off,On,Off']);
  cluster().addCluster(clusterEndpoints, { [ofHome]: 'On', [ofAway]: 'Off', [alone]: 'On', [other]: 'On' });
  expect(await life.broken()).toEqual([]);
});

it('fails over while us-east-1 and Route 53 with it are lost, and commits once users are led there', async () => {
  const { stage } = life;
  route53().isControlPlaneLost = true;
  stage.cloud.faults.lose(home);
  // More of the cluster's endpoints than AWS lets be away at a time: one is left.
  const maintained = ['ap-northeast-1', 'eu-west-1', 'us-west-2'];
  for (const region of maintained) cluster().setDown(region, true);
  const before = asked().length;
  const { ended, served } = await servedAtCommit('failover');
  expect([ended.status, served]).toEqual(['SUCCEEDED', away]);
  const operation = await last('failover');
  expect(operation).toMatchObject({ traffic: [], signalled: { to: 'recovery', wasThere: false } });
  expect(operation?.warnings).toEqual([expect.stringContaining('record shop.example.com A could not be looked at')]);
  // The preflight had a look, which nobody answered; nothing else asked Route 53 for anything.
  expect(
    asked()
      .slice(before)
      .every(({ operation: of }) => of === 'ListResourceRecordSets'),
  ).toBe(true);
  expect(operation?.controls).toMatchObject([
    { control: alone, before: 'On', after: 'Off', turnedAt: expect.any(String) },
    { control: other, before: 'On', after: 'Off' },
    { control: ofHome, before: 'On', after: 'Off' },
    { control: ofAway, before: 'Off', after: 'On' },
  ]);
  const turns = cluster().history.slice(-4);
  expect(turns.map(({ control }) => control)).toEqual([alone, other, ofHome, ofAway]);
  expect(new Set(turns.map(({ region }) => region))).toEqual(new Set(['ap-southeast-2']));
  for (const region of maintained) cluster().setDown(region, false);
  stage.cloud.faults.restore(home);
  await life.rest();
  expect([servedIn(), turned()]).toEqual([away, 'Off,On,Off']);
  expect(await life.broken()).toEqual([]);
});

it('comes home without the control plane too', async () => {
  life.write(1);
  const { ended, served } = await servedAtCommit('failback');
  expect([ended.status, served]).toEqual(['SUCCEEDED', home]);
  await life.rest();
  expect([servedIn(), turned()]).toEqual([home, 'On,Off,On']);
  expect(await life.broken()).toEqual([]);
});

it('is stopped by its preflight where the primary record would not be moved, or controls lead to both sites', async () => {
  route53().isControlPlaneLost = false;
  route53().healthChecks.add('another-check');
  const [record] = route53()
    .servedRecords(zone, name, 'A')
    .filter(({ set }) => set === 'home');
  if (record !== undefined) route53().setRecord(zone, { ...record, healthCheck: 'another-check' });
  cluster().addCluster(clusterEndpoints, { [ofAway]: 'On' });
  const ended = outcomeOf(await life.run('failover'));
  expect(ended).toMatchObject({ error: 'PreflightFailed' });
  expect(ended.message).toContain('routing controls cannot be turned: both are On');
  expect(ended.message).toContain('its record "home" does not have the plan\'s health check');
  if (record !== undefined) route53().setRecord(zone, record);
  cluster().addCluster(clusterEndpoints, { [ofAway]: 'Off' });
});

it('is final once its routing controls are turned: an undo leads the pair after them (I5)', async () => {
  expect(outcomeOf(await life.run('protect')).status).toBe('SUCCEEDED');
  life.stage.cloud.faults.add({ kind: 'refused', operation: 'PutMetricData', caller: 'TrafficSwitch' });
  expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'FAILED', error: 'AwsRefused' });
  expect(await last('failover')).toMatchObject({ outcome: 'succeeded', committedAt: expect.any(String) });
  await life.rest();
  expect([turned(), servedIn()]).toEqual(['Off,On,Off', away]);
  expect(await life.broken()).toEqual([]);
});

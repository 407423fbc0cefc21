import http from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Catalogue } from '../../lib/aws/catalogue.ts';
import { newOperation } from '../../lib/domain/new-items.ts';
import { stepNames } from '../../lib/infra/step-names.ts';
import { placeWorld } from '../../rehearsal/place-world.ts';
import type { RecordedCall } from '../../sim/call-record.ts';
import { RealClock } from '../../sim/clock.ts';
import { type DeployedResource, deployAssembly } from '../../sim/cloudformation/cloudformation.ts';
import { SimulatedCloud } from '../../sim/create-cloud.ts';
import type { FunctionDefinition } from '../../sim/lambda/lambda.ts';
import { type Loopback, listen } from '../../sim/wire/loopback.ts';
import { answersOf } from '../answers-of.ts';
import { shop, smallShop } from './shop-stage.ts';

/** Processes at a time; the test machine has two cores. */
const processesMax = 2;
const { primary, recovery } = shop;

interface Deployed {
  /** From the template's description: `Homeward protect/open`. */
  readonly step: string;
  readonly definition: FunctionDefinition;
}

let cloud: SimulatedCloud;
let loopback: Loopback;
let catalogue: Catalogue;
let resources: readonly DeployedResource[];
let outputs: ReadonlyMap<string, string>;
let deployed: readonly Deployed[];

beforeAll(async () => {
  cloud = new SimulatedCloud({ regions: [primary.region, recovery.region], clock: new RealClock(), seed: 1 });
  placeWorld(cloud, shop, smallShop);
  await sendHeartbeat();
  const stacks = await deployAssembly(cloud, inject('shopAssembly'));
  resources = stacks.flatMap((stack) => stack.resources);
  outputs = new Map(stacks.flatMap((stack) => stack.outputs.map(({ key, value }): [string, string] => [key, value])));
  const { functions } = cloud.services(recovery.region).lambda;
  deployed = ofType('AWS::Lambda::Function').map(({ physicalId, properties }) => {
    const definition = functions.find(({ name }) => name === physicalId);
    if (definition === undefined) throw new Error(`${physicalId} was not deployed`);
    return { step: String(properties.Description).replace('Homeward ', ''), definition };
  });
  const dynamodb = new DynamoDBClient(cloud.clientConfig(recovery.region));
  catalogue = new Catalogue(outputs.get('TableName') ?? '', dynamodb);
  loopback = await listen(cloud.dispatch);
});
afterAll(() => loopback.close());

function ofType(type: string): readonly DeployedResource[] {
  return resources.filter((resource) => resource.type === type);
}

/** This minute's and the last one's: whichever the alarm looks at first, it stays off for as long as this test may take. */
async function sendHeartbeat(): Promise<void> {
  const Dimensions = [{ Name: 'Site', Value: 'primary' }];
  const MetricData = [0, 60_000].map((ageMs) => ({
    ...{ MetricName: 'Heartbeat', Dimensions, Value: 1 },
    Timestamp: new Date(Date.now() - ageMs),
  }));
  const client = new CloudWatchClient(cloud.clientConfig(recovery.region));
  await client.send(new PutMetricDataCommand({ Namespace: 'Shop', MetricData }));
}

const answersTo = (definition: FunctionDefinition, ...events: unknown[]) =>
  answersOf(definition, { region: recovery.region, endpointUrl: loopback.url }, ...events);

/** Runs the function of a step for one event; `calls` are what came over the port meanwhile. */
async function run(step: string, event: unknown) {
  const definition = deployed.find((one) => one.step === step)?.definition;
  if (definition === undefined) throw new Error(`no function is deployed for ${step}`);
  cloud.record.calls.length = 0;
  const [answer] = await answersTo(definition, event);
  const calls = callsOverPort();
  return { answer, calls: calls.map(({ operation }) => operation), roles: rolesOf(calls), role: definition.role };
}

/** What each of the functions answers to the same events. */
async function everyAnswer(asked: readonly Deployed[], ...events: unknown[]) {
  const answers: { step: string; answers: unknown[] }[] = [];
  const waiting = [...asked];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      answers.push({ step: next.step, answers: await answersTo(next.definition, ...events) });
  };
  await Promise.all(Array.from({ length: processesMax }, worker));
  return answers;
}

/** Since they were counted last; the schedules of the deployed stack go on meanwhile, inside the cloud. */
function callsOverPort(): RecordedCall[] {
  return cloud.record.calls.splice(0).filter(({ invocation }) => invocation === undefined);
}

function rolesOf(calls: readonly RecordedCall[]) {
  return [...new Set(calls.map(({ role }) => role))].toSorted();
}

describe('every deployed function, started as Lambda starts it', () => {
  /** An event that fits every step that works for an operation; this one never owned the plan. */
  const ofNobody = {
    ...{
      plan: 'shop',
      operation: 'protect-nobody',
      epoch: 7,
      point: 'rp-20260105T100000Z-aaaaaa',
      server: 'db',
      index: 0,
    },
    ...{
      poll: { polls: 0 },
      wave: 1,
      site: 'primary',
      to: 'recovery',
      outcome: 'failed',
      estimateOnly: false,
      execution: 'arn:aws:states:eu-central-1:123456789012:execution:none:none',
      dryRun: false,
    },
    described: {},
    ...{ final: false, startedAt: '2026-01-05T10:00:00.000Z', transfers: [] },
    ...{ target: 'snap-2', method: 'delta', unit: { index: 0, first: 0, last: 1 } },
    transfer: {
      ...{ id: 'one', volume: 'db:/dev/sdf', sizeGib: 1, purpose: 'recovery-point' },
      near: { region: primary.region, base: 'snap-0', snapshot: 'snap-1' },
      far: { region: recovery.region, base: 'snap-9' },
    },
  };
  /** Their input is not about an operation; a freeze or thaw begins with whether the server has commands, and this one has none; nor has the plan probes. */
  const takesOther =
    /^(\w+\/open|failover\/(guard|veto)|operation\/rescue|watch\/(evidence|prober)|waves\/probe|protect\/(notice-copy|freeze|thaw))$/;
  /** They look for the operation or its point in the catalogue, and there is none; measuring needs neither. */
  const looksFirst =
    /^(protect\/abort|protect\/measure|watch\/(fences|kept|readiness)|failover\/preflight|operation\/close)$/;

  let answers: Awaited<ReturnType<typeof everyAnswer>>;
  let calls: readonly RecordedCall[];
  beforeAll(async () => {
    cloud.record.calls.length = 0;
    answers = await everyAnswer(deployed, {}, ofNobody);
    calls = callsOverPort();
  });

  it('is of the Node version that runs this test, and there is one for every step', () => {
    const runtimes = new Set(ofType('AWS::Lambda::Function').map(({ properties }) => properties.Runtime));
    expect([...runtimes]).toEqual(['nodejs24.x']);
    expect(process.version).toMatch(/^v24\./);
    expect([...new Set(deployed.map(({ step }) => step))].toSorted()).toEqual([...stepNames].toSorted());
  });

  it('loads, and refuses an input that its schema does not know, by its step and a field', () => {
    expect(answers).toHaveLength(deployed.length);
    for (const { step, answers: given } of answers) {
      const field = '(plan|input|execution|detail-type|probes|region)';
      const errorMessage = expect.stringMatching(`^The input of ${step} is wrong: ${field}: `);
      expect.soft(given[0], step).toMatchObject({ errorType: 'InvalidInput', errorMessage });
    }
  });

  it('finds the catalogue as its own role, and does nothing for an operation that does not own the plan (I6)', async () => {
    const working = deployed.filter(({ step }) => !takesOther.test(step));
    const provers = answers.filter(({ step }) => !takesOther.test(step) && !looksFirst.test(step));
    for (const { step, answers: given } of provers)
      expect.soft(given[1], step).toMatchObject({ errorType: 'StaleEpoch' });
    expect(new Set(calls.map(({ service }) => service))).toEqual(new Set(['dynamodb', 'monitoring']));
    const publishing = calls.filter(({ service }) => service === 'monitoring');
    expect(publishing.map(({ operation }) => operation)).toEqual(['PutMetricData', 'PutMetricData']);
    expect(rolesOf(calls)).toEqual(working.map(({ definition }) => definition.role).toSorted());
    expect(await catalogue.state('shop')).toMatchObject({ epoch: 0, lease: null });
  });
});

describe('real work over the port, each call by the role of its function', () => {
  let opened: Awaited<ReturnType<typeof run>>;
  let context: { plan: string; operation: string; epoch: number };
  beforeAll(async () => {
    opened = await run('protect/open', { input: { plan: 'shop' }, execution: 'own-process-1' });
    const { plan, operation, epoch } = opened.answer as typeof context;
    context = { plan, operation, epoch };
  });

  it('protect/open takes the plan for an operation with a point', async () => {
    const { answer, roles, role } = opened;
    const point = expect.stringMatching(/^rp-\d{8}T\d{6}Z-\w{6}$/);
    expect(answer).toMatchObject({ operation: 'protect-own-process-1', epoch: 1, skipped: false, point });
    expect(roles).toEqual([role]);
    const operation = await catalogue.operation('shop', 'protect-own-process-1');
    expect(operation).toMatchObject({ kind: 'protect', outcome: 'running', trigger: 'operator' });
  });

  it('protect/select finds three servers, and protect/capture snapshots both volumes of one in the primary Region', async () => {
    const { point } = opened.answer as { point: string };
    const selected = await run('protect/select', { ...context, point });
    const { servers } = selected.answer as { servers: unknown[] };
    expect(servers).toEqual(['db', 'files', 'web'].map((server) => ({ ...context, point, server })));
    expect(selected.roles).toEqual([selected.role]);
    const [item] = servers;
    const { answer, calls, roles, role } = await run('protect/capture', item);
    expect(answer).toEqual({ snapshots: 2 });
    expect(calls).toContain('CreateSnapshots');
    expect(roles).toEqual([role]);
    const found = cloud.services(primary.region).ec2.allResources();
    const snapshots = found.filter(({ kind, tags }) => kind === 'snapshot' && tags['homeward:server'] === 'db');
    expect(snapshots.map(({ tags }) => tags['homeward:operation'])).toEqual(Array(2).fill('protect-own-process-1'));
  });

  it('protect/describe reads what a launch must know of it', async () => {
    const { point } = opened.answer as { point: string };
    const { answer, calls, roles, role } = await run('protect/describe', { ...context, point, server: 'db' });
    expect(answer).toEqual({ described: true });
    expect(calls).toEqual(expect.arrayContaining(['DescribeInstanceAttribute', 'DescribeInstanceTypes']));
    expect(roles).toEqual([role]);
    const described = await catalogue.pointServer('shop', point, 'db');
    expect(described?.configuration.settings).toMatchObject({ tenancy: 'default' });
  });

  it('waves/health finds the first wave at home in order, through the function that probes from outside', async () => {
    const event = { ...context, wave: 1, site: 'primary', poll: { polls: 0 } };
    for (const server of ['db', 'files'])
      await catalogue.updateOperationEntry(context, 'broughtUp', server, {
        at: '2026-01-05T09:00:00.000Z',
        failure: null,
      });
    const { answer, calls, roles, role } = await run('waves/health', event);
    expect(answer).toMatchObject({ done: true });
    expect(calls).toEqual(expect.arrayContaining(['DescribeInstances', 'DescribeInstanceStatus', 'Invoke']));
    expect(roles).toEqual([role]);
  });

  it('failover/guard starts nothing for an alarm that is not on', async () => {
    const alarmName = ofType('AWS::CloudWatch::Alarm')[0]?.physicalId;
    const detail = { alarmName, state: { value: 'ALARM' }, previousState: { value: 'OK' } };
    const { answer, calls, roles, role } = await run('failover/guard', {
      'detail-type': 'CloudWatch Alarm State Change',
      detail,
    });
    const reason = expect.stringMatching(`^alarm ${alarmName} is (OK|INSUFFICIENT_DATA) by now$`);
    expect(answer).toEqual({ started: false, reason });
    expect([calls, roles]).toEqual([['GetItem', 'DescribeAlarms'], [role]]);
  });

  it('operation/rescue does nothing for an execution that holds no plan', async () => {
    const { answer } = await run('operation/rescue', {
      'detail-type': 'Step Functions Execution Status Change',
      detail: { executionArn: 'arn:aws:states:eu-central-1:123456789012:execution:other:1', status: 'ABORTED' },
    });
    expect(answer).toEqual({ rescued: null });
  });

  it('operation/close publishes a failed outcome and releases the plan', async () => {
    const failure = { Error: 'SnapshotFailed', Cause: JSON.stringify({ errorMessage: 'no snapshot' }) };
    const { answer, roles, role } = await run('operation/close', { ...context, outcome: 'failed', failure });
    expect(answer).toEqual({ outcome: 'failed' });
    expect(roles).toEqual([role]);
    const { messages } = cloud.services(recovery.region).sns;
    // The alarms of a plan that nothing protects yet tell too.
    expect(messages.filter(({ subject }) => subject?.startsWith('Homeward: '))).toMatchObject([
      {
        topicArn: outputs.get('TopicArn'),
        subject: 'Homeward: protect of plan shop failed',
        message: expect.stringContaining('SnapshotFailed: no snapshot'),
      },
    ]);
    expect(await catalogue.state('shop')).toMatchObject({ epoch: 1, lease: null, phase: 'protected' });
  });

  it('watch/evidence writes what is owed into the bucket, at the address of an object behind an address', async () => {
    const startedAt = '2026-01-05T10:00:00.000Z';
    const start = {
      plan: 'shop',
      id: 'drill-1',
      kind: 'drill',
      epoch: 1,
      trigger: 'kim',
      recoveryPoint: null,
      startedAt,
    } as const;
    await catalogue.addOperation({ ...newOperation(start), outcome: 'succeeded', endedAt: startedAt });
    await catalogue.oweEvidence({ plan: 'shop', operation: 'drill-1', since: startedAt, isTold: false });
    const { answer, calls, roles, role } = await run('watch/evidence', { 'detail-type': 'Scheduled Event' });
    expect(answer).toEqual({ written: ['drill-1'], owed: [] });
    expect(calls).toEqual(expect.arrayContaining(['PutObject', 'DeleteItem']));
    expect(roles).toEqual([role]);
    const [{ bucket, key, body } = { bucket: '', key: '', body: '' }, ...more] = cloud
      .services(recovery.region)
      .s3.all();
    expect([bucket, key, more]).toEqual([outputs.get('EvidenceBucketName'), 'shop/2026/drill-1.json', []]);
    expect(JSON.parse(body.toString())).toMatchObject({ operation: { id: 'drill-1', askedBy: 'kim' } });
  });

  it('waves/probe tells open ports from closed ones and right answers from wrong ones, outside and inside, and calls no AWS', async () => {
    const open = Number(new URL(loopback.url).port);
    const closed = await closedPort();
    const page = await servePage(203, `${' '.repeat(60_000)}all is well`);
    const probes = [
      { server: 'web', address: '127.0.0.1', tcp: open },
      { server: 'db', address: '127.0.0.1', tcp: closed },
      ...['all is well', 'all is lost'].map((text, index) => ({
        ...{ server: `page-${index}`, address: '127.0.0.1' },
        http: { port: page.port, path: '/health', status: 203, text },
      })),
    ];
    const probers = deployed.filter(({ step }) => step === 'waves/probe');
    const wrong = `page-1 answered GET :${page.port}/health without the text that is expected`;
    const answers = [
      {
        problems: [
          { server: 'db', problem: `db does not accept TCP ${closed}` },
          { server: 'page-1', problem: wrong },
        ],
      },
    ];
    cloud.record.calls.length = 0;
    expect(probers.map(({ definition }) => definition.isInVpc)).toEqual([false, true, true]);
    expect(await everyAnswer(probers, { probes })).toEqual(probers.map(({ step }) => ({ step, answers })));
    await page.close();
    expect(callsOverPort()).toEqual([]);
  });

  it('asked for nothing that the simulated cloud does not model', () => {
    expect(cloud.notModelled).toEqual([]);
  });
});

/** A page that answers every request so. */
async function servePage(status: number, text: string) {
  const server = http.createServer((_, answer) => answer.writeHead(status).end(text));
  await new Promise<void>((resume) => server.listen(0, '127.0.0.1', resume));
  const { port } = server.address() as AddressInfo;
  return { port, close: () => new Promise((resume) => server.close(resume)) };
}

/** A port of this machine at which nothing listens any more. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resume) => server.listen(0, '127.0.0.1', resume));
  const { port } = server.address() as AddressInfo;
  await new Promise((resume) => server.close(resume));
  return port;
}

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../lib/infra/app.ts';
import { readPlanFile } from '../../lib/plan-file/read.ts';
import { CloudFormation, deployAssembly } from '../../sim/cloudformation/cloudformation.ts';
import { DynamoDb } from '../../sim/dynamodb/dynamodb.ts';
import { Lambda } from '../../sim/lambda/lambda.ts';
import { StepFunctions } from '../../sim/stepfunctions/stepfunctions.ts';
import { StageCloud } from '../sim/orchestration-cloud.ts';

/** The deployed template with the deployed bundles; of AWS only DynamoDB answers. */
let cloud: StageCloud;
let states: StepFunctions;
let dynamodb: DynamoDb;
let outdir: string;
const machines = new Map<string, string>();

beforeAll(async () => {
  outdir = mkdtempSync(join(tmpdir(), 'homeward-'));
  const file = 'examples/shop.yaml';
  const reading = readPlanFile(file, readFileSync(file, 'utf8'));
  if (reading.kind !== 'read') throw new Error('the example plan must be right');
  buildApp(reading.value, outdir).synth();

  cloud = new StageCloud();
  const surroundings = { region: 'us-west-2', account: cloud.account, cloud };
  states = new StepFunctions(surroundings);
  dynamodb = new DynamoDb();
  const accept = { putRuleFromTemplate: () => {}, createFromTemplate: () => {}, putAlarmFromTemplate: () => {} };
  const sns = {
    createTopic: ({ name }: { name: string }) => `arn:aws:sns:us-west-2:123456789012:${name}`,
    subscribe: () => {},
  };
  const held = {
    lambda: new Lambda(surroundings),
    stepfunctions: states,
    cloudformation: new CloudFormation(surroundings),
    dynamodb,
    sns,
    eventbridge: accept,
    scheduler: accept,
    cloudwatch: accept,
  };
  for (const [name, service] of Object.entries(held)) cloud.held.set(name, service);
  cloud.answer = async (request) => {
    if (!request.hostname.startsWith('dynamodb.')) throw new Error(`the call to ${request.hostname} was not expected`);
    const answer = await dynamodb.answer(request);
    return { ...answer, body: Buffer.from(answer.body) };
  };
  const [stack] = await cloud.until(deployAssembly(cloud, outdir));
  for (const { key, value } of stack?.outputs ?? []) machines.set(key, value);
  await cloud.until(new Promise((resume) => setTimeout(resume, 1_000)));
});

afterAll(() => {
  cloud.end();
  rmSync(outdir, { recursive: true, force: true });
});

async function run(operation: 'Failover' | 'Failback' | 'Protect', input: unknown) {
  const { arn } = states.start(machines.get(`${operation}MachineArn`) ?? '', JSON.stringify(input));
  const execution = await cloud.until(states.ended(arn));
  const message =
    execution.cause === undefined ? '' : (JSON.parse(execution.cause) as { errorMessage: string }).errorMessage;
  const entered = execution.history.filter(({ type }) => type === 'StateEntered').map(({ state }) => state?.name);
  return { status: execution.status, error: execution.error, message, entered };
}

/** What the functions wrote to the catalogue since the last call. */
function writes(): string[] {
  const targets = cloud.requests.splice(0).map(({ headers }) => headers['x-amz-target'] ?? '');
  return targets.filter((target) => !/\.(GetItem|Query)$/.test(target));
}

describe('I12: a wrong input ends the execution at its first state, changes nothing and locks nothing', () => {
  const cases: [string, 'Failover' | 'Failback', unknown, string, string][] = [
    [
      'an unknown plan',
      'Failover',
      { plan: 'shoop' },
      'UnknownPlan',
      'There is no plan "shoop" in this Region. Deployed plans: shop.',
    ],
    ['no plan', 'Failover', {}, 'InvalidInput', 'plan: '],
    ['a misspelt field', 'Failover', { plan: 'shop', recoverypoint: 'latest' }, 'InvalidInput', 'recoverypoint'],
    [
      'a point that is none',
      'Failover',
      { plan: 'shop', recoveryPoint: 'yesterday' },
      'InvalidInput',
      'recoveryPoint: is not "latest"',
    ],
    ['a text instead of an object', 'Failover', 'shop', 'InvalidInput', 'A right input is {"plan": "shop"}'],
    [
      'a plan without recovery points',
      'Failover',
      { plan: 'shop' },
      'RecoveryPointNotAvailable',
      'no available recovery point yet',
    ],
    [
      'an unknown recovery point',
      'Failover',
      { plan: 'shop', recoveryPoint: 'rp-20260105T100000Z-aaaaaa' },
      'UnknownRecoveryPoint',
      'no recovery point rp-20260105T100000Z-aaaaaa',
    ],
    [
      'a failback while production is at home',
      'Failback',
      { plan: 'shop' },
      'WrongPhase',
      'its phase is protected, failback needs recovered. In phase protected protect and failover are possible.',
    ],
  ];
  for (const [name, operation, input, error, text] of cases) {
    it(`${name}: ${error}`, async () => {
      writes();
      const ended = await run(operation, input);
      expect(ended).toMatchObject({ status: 'FAILED', error, entered: ['Open'] });
      expect(ended.message).toContain(text);
      expect(writes()).toEqual([]);
    });
  }
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Lambda } from '../../sim/lambda/lambda.ts';
import type { State } from '../../sim/stepfunctions/definition.ts';
import { StepFunctions } from '../../sim/stepfunctions/stepfunctions.ts';
import { functionOf, StageCloud } from './orchestration-cloud.ts';

const machineArn = 'arn:aws:states:us-west-2:123456789012:stateMachine:main';
let cloud: StageCloud;
let lambda: Lambda;
let states: StepFunctions;

beforeEach(() => {
  cloud = new StageCloud();
  const surroundings = { region: 'us-west-2', account: cloud.account, cloud };
  lambda = new Lambda(surroundings);
  states = new StepFunctions(surroundings);
  cloud.held.set('lambda', lambda).set('stepfunctions', states);
  lambda.createFunction(functionOf('echo', 'exports.handler = async (event) => event'));
  lambda.createFunction(
    functionOf(
      'fail',
      "let n = 0; exports.handler = async (event) => { if (n++ < event.times) throw Object.assign(new Error('busy'), { name: 'Throttled' }); return { n } }",
    ),
  );
});
afterEach(() => cloud.end());

const call = (name: string, payload: object, more: object = {}): State => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: { FunctionName: name, ...payload },
  ...more,
});
const deploy = (StartAt: string, States: Record<string, State>, more = {}) =>
  states.createStateMachine({ arn: machineArn, name: 'main', role: 'r', definition: { StartAt, States, ...more } });
const run = (input: unknown = {}, name?: string) =>
  cloud.until(states.ended(states.start(machineArn, JSON.stringify(input), name).arn));

describe('a task', () => {
  it('gets its payload and the context, and gives the Lambda answer as AWS wraps it', async () => {
    deploy('A', {
      A: call(
        'echo',
        { Payload: { 'input.$': '$', 'execution.$': '$$.Execution.Name', 'began.$': '$$.Execution.StartTime' } },
        { ResultSelector: { 'got.$': '$.Payload', 'status.$': '$.StatusCode' }, ResultPath: '$.a', End: true },
      ),
    });
    const { output } = await run({ plan: 'shop' }, 'one');
    expect(output).toEqual({
      plan: 'shop',
      a: { got: { input: { plan: 'shop' }, execution: 'one', began: '2026-01-01T00:00:00.000Z' }, status: 200 },
    });
  });

  it('may run as long as Lambda does, not only a minute', async () => {
    const slow = 'exports.handler = () => new Promise((done) => setTimeout(() => done({ ok: true }), 800000))';
    lambda.createFunction(functionOf('slow', slow, {}, 900));
    deploy('A', { A: call('slow', { Payload: {} }, { End: true }) });
    expect(await run()).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('is retried with growing pauses up to the longest', async () => {
    const Retry = [
      { ErrorEquals: ['Throttled'], IntervalSeconds: 2, BackoffRate: 3, MaxDelaySeconds: 10, MaxAttempts: 4 },
    ];
    deploy('A', { A: call('fail', { Payload: { times: 4 } }, { Retry, End: true }) });
    const { status, startedAt, stoppedAt = 0 } = await run();
    expect([status, (stoppedAt - startedAt) / 1000]).toEqual(['SUCCEEDED', 2 + 6 + 10 + 10]);
  });

  it('that fails is caught with its error name and the JSON cause of Lambda, and Fail ends by paths', async () => {
    const Catch = [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'F' }];
    deploy('A', {
      A: call('fail', { Payload: { times: 1 } }, { Catch, End: true }),
      F: { Type: 'Fail', ErrorPath: '$.failure.Error', CausePath: '$.failure.Cause' },
    });
    const { status, error, cause } = await run({ plan: 'shop' });
    expect([status, error]).toEqual(['FAILED', 'Throttled']);
    expect(JSON.parse(cause ?? '')).toMatchObject({ errorType: 'Throttled', errorMessage: 'busy' });
  });

  it('with a result above 256 KiB fails, and States.ALL does not catch that', async () => {
    lambda.createFunction(functionOf('big', "exports.handler = () => 'x'.repeat(262144)"));
    const Catch = [{ ErrorEquals: ['States.ALL'], Next: 'Done' }];
    deploy('A', { A: call('big', { Payload: {} }, { Catch, End: true }), Done: { Type: 'Succeed' } });
    expect(await run()).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  });

  it('stalls while its Region is silent', async () => {
    deploy('A', { A: call('echo', { Payload: {} }, { End: true }) });
    cloud.silent.add('us-west-2');
    cloud.clock.after(600_000, () => cloud.silent.delete('us-west-2'));
    const { startedAt, stoppedAt = 0 } = await run();
    expect(stoppedAt - startedAt).toBeGreaterThanOrEqual(600_000);
  });
});

describe('flow', () => {
  it('polls: Wait SecondsPath, Choice IsPresent both ways, a missing path in a condition', async () => {
    deploy('W', {
      W: { Type: 'Wait', SecondsPath: '$.wait', Next: 'C' },
      C: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.absent', IsPresent: false, Next: 'D' },
          { Variable: '$.wait', NumericEquals: 90, Next: 'Bad' },
        ],
      },
      D: {
        Type: 'Choice',
        Choices: [
          {
            And: [
              { Variable: '$.list[0]', IsPresent: true },
              { Variable: '$.on', BooleanEquals: true },
            ],
            Next: 'Good',
          },
        ],
        Default: 'Bad',
      },
      Good: { Type: 'Succeed' },
      Bad: { Type: 'Fail', Error: 'Bad' },
    });
    const { status, startedAt, stoppedAt = 0 } = await run({ wait: 90, list: [{ a: 1 }], on: true });
    expect([status, stoppedAt - startedAt]).toEqual(['SUCCEEDED', 90_000]);
  });

  const items = (config: object, more: object = {}): State => ({
    Type: 'Map',
    ItemsPath: '$.items',
    ItemSelector: { 'plan.$': '$.plan', 'item.$': '$$.Map.Item.Value', 'index.$': '$$.Map.Item.Index' },
    ItemProcessor: {
      ...config,
      StartAt: 'Nap',
      States: {
        Nap: { Type: 'Wait', Seconds: 10, Next: 'E' },
        E: call('echo', { 'Payload.$': '$' }, { OutputPath: '$.Payload', End: true }),
      },
    },
    End: true,
    ...more,
  });
  const input = { plan: 'shop', items: [{ a: 1 }, { a: 2 }] };
  const distributed = { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } };

  it.each([
    [{}, 1, 20_000],
    [{}, 0, 10_000],
    [distributed, 1, 20_000],
    [distributed, 1000, 10_000],
  ])('maps items %j at concurrency %i', async (config, MaxConcurrency, ms) => {
    deploy('M', { M: items(config, { MaxConcurrency }) });
    const { output, startedAt, stoppedAt = 0 } = await run(input);
    expect(output).toEqual([
      { plan: 'shop', item: { a: 1 }, index: 0 },
      { plan: 'shop', item: { a: 2 }, index: 1 },
    ]);
    expect(stoppedAt - startedAt).toBe(ms);
  });

  it.each([
    [{}, 'Throttled'],
    [distributed, 'States.ExceedToleratedFailureThreshold'],
  ])('names the error of a failed item as the Map mode %j does', async (config, error) => {
    const ItemProcessor = {
      ...config,
      StartAt: 'X',
      States: { X: call('fail', { Payload: { times: 9 } }, { End: true }) },
    };
    const Catch = [{ ErrorEquals: [error], ResultPath: '$.failure', Next: 'Done' }];
    deploy('M', {
      M: { Type: 'Map', ItemsPath: '$.items', ItemProcessor, Catch, End: true },
      Done: { Type: 'Succeed' },
    });
    expect((await run(input)).output).toMatchObject({ plan: 'shop', failure: { Error: error } });
  });
});

it('stops the Distributed Maps inside a Map of which another item failed', async () => {
  const calls =
    'exports.handler = async () => { console.log("unit"); await new Promise((done) => setTimeout(done, 5000)); return {}; }';
  lambda.createFunction(functionOf('unit', calls));
  const units: State = {
    Type: 'Map',
    ItemsPath: '$.units',
    MaxConcurrency: 1,
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'Unit',
      States: { Unit: call('unit', { Payload: {} }, { End: true }) },
    },
    Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1 }],
    End: true,
  };
  const choose: State = {
    Type: 'Choice',
    Choices: [{ Variable: '$.bad', IsPresent: true, Next: 'Break' }],
    Default: 'Units',
  };
  const nap: State = { Type: 'Wait', Seconds: 7, Next: 'Throw' };
  deploy('M', {
    M: {
      Type: 'Map',
      ItemsPath: '$.items',
      ItemProcessor: {
        StartAt: 'Choose',
        States: { Choose: choose, Units: units, Break: nap, Throw: { Type: 'Fail', Error: 'Bad' } },
      },
      Catch: [{ ErrorEquals: ['Bad'], Next: 'Later' }],
      End: true,
    },
    Later: { Type: 'Wait', Seconds: 600, End: true },
  });
  const { status } = await run({ items: [{ bad: true }, { units: Array.from({ length: 20 }, (_, n) => ({ n })) }] });
  expect([status, lambda.logs.length]).toEqual(['SUCCEEDED', 2]);
});

describe('what is not modelled is refused at deployment by name', () => {
  it.each([
    ['arn:aws:states:::dynamodb:putItem', { Resource: 'arn:aws:states:::dynamodb:putItem' }],
    ['HeartbeatSeconds', { HeartbeatSeconds: 5 }],
    ['$$.Task.Token', { Parameters: { FunctionName: 'x', Payload: { 'token.$': '$$.Task.Token' } } }],
    ['$.items[*].id', { ResultSelector: { 'ids.$': '$.items[*].id' } }],
  ])('%s', (name, more) => {
    expect(() => deploy('A', { A: call('echo', {}, { ...more, End: true }) })).toThrow(name);
  });
});

describe('executions', () => {
  const wait = () => deploy('W', { W: { Type: 'Wait', Seconds: 60, End: true } });

  it('start once by name: the same input joins the running one, other input or a closed one is refused', async () => {
    wait();
    const first = states.start(machineArn, '{"a":1}', 'n');
    expect(states.start(machineArn, '{"a":1}', 'n')).toBe(first);
    expect(() => states.start(machineArn, '{"a":2}', 'n')).toThrow('Already Exists');
    await cloud.until(states.ended(first.arn));
    expect(() => states.start(machineArn, '{"a":1}', 'n')).toThrow('Already Exists');
    expect(() => states.start(machineArn, '{}', 'a b')).toThrow('Invalid Name');
    expect(() => states.start(machineArn, '{', 'c')).toThrow('Invalid State Machine Execution Input');
  });

  it('can be stopped, time out, and tell what happened and when', async () => {
    wait();
    const seen: string[] = [];
    states.onEvent((_execution, event) => seen.push(`${event.type} ${event.state?.name ?? ''}`));
    const { arn } = states.start(machineArn, '{}');
    const stop = states.operations.StopExecution?.run as unknown as (input: object) => Promise<object>;
    await cloud.until(stop({ executionArn: arn, error: 'Operator', cause: 'no' }));
    expect(await states.ended(arn)).toMatchObject({ status: 'ABORTED', error: 'Operator', cause: 'no' });
    deploy('W', { W: { Type: 'Wait', Seconds: 60, End: true } }, { TimeoutSeconds: 30 });
    expect(await run()).toMatchObject({ status: 'TIMED_OUT', error: 'States.Timeout' });
    expect(seen).toContain('StateEntered W');
  });
});

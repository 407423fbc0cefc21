import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FunctionDefinition } from '../../sim/lambda/lambda.ts';
import { answersOf } from '../answers-of.ts';

const region = 'eu-central-1';
/** Nobody listens there, and nothing here calls AWS. */
const endpointUrl = 'http://127.0.0.1:9';

const answersTo = (definition: FunctionDefinition, ...events: unknown[]) =>
  answersOf(definition, { region, endpointUrl }, ...events);

describe('a function in a process of its own', () => {
  let assetDir: string;
  beforeAll(() => {
    assetDir = realpathSync(mkdtempSync(join(tmpdir(), 'homeward-asset-')));
    const code = `
      let events = 0;
      const own = (event, context) => ({
        cwd: process.cwd(), environment: process.env, events: ++events, name: context.functionName,
        remaining: context.getRemainingTimeInMillis(),
      });
      const act = { throw: () => { throw new TypeError('broken'); }, exit: () => process.exit(3), hang: () => new Promise(() => {}) };
      exports.own = (event, context) => act[event.act] === undefined ? own(event, context) : act[event.act]();`;
    writeFileSync(join(assetDir, 'main.js'), code);
  });
  afterAll(() => rmSync(assetDir, { recursive: true }));

  const definition = (timeoutSeconds = 30): FunctionDefinition => ({
    name: 'night',
    arn: 'arn:aws:lambda:eu-central-1:123456789012:function:night',
    role: 'arn:aws:iam::123456789012:role/night',
    environment: { MODE: 'night' },
    handler: 'main.own',
    assetDir,
    timeoutSeconds,
    memoryMb: 128,
    isInVpc: false,
  });

  it('has its asset for a directory, the variables of the template and of Lambda, and none of ours', async () => {
    const [answer] = await answersTo(definition(), {});
    expect(answer).toMatchObject({
      cwd: assetDir,
      name: 'night',
      environment: {
        MODE: 'night',
        AWS_REGION: region,
        AWS_ENDPOINT_URL: endpointUrl,
        AWS_SESSION_TOKEN: 'arn:aws:iam::123456789012:role/night',
        AWS_LAMBDA_FUNCTION_NAME: 'night',
        AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
        LAMBDA_TASK_ROOT: assetDir,
        _HANDLER: 'main.own',
      },
    });
    const { environment, remaining } = answer as { environment: Record<string, string>; remaining: number };
    const known = /^(MODE|AWS_\w+|LAMBDA_TASK_ROOT|_HANDLER|TZ|__CF_USER_TEXT_ENCODING)$/; // macOS sets the last in every process
    expect(Object.keys(environment).filter((name) => !known.test(name))).toEqual([]);
    expect(remaining).toBeGreaterThan(20_000);
  });

  it('keeps its module state from one event to the next, and lives on after an error', async () => {
    const answers = await answersTo(definition(), {}, { act: 'throw' }, {});
    expect(answers).toMatchObject([{ events: 1 }, { errorType: 'TypeError', errorMessage: 'broken' }, { events: 2 }]);
  });

  it('fails under the names of Lambda when it exits, outlives its time, or has no such handler', async () => {
    const exit = { errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining('exit status 3') };
    expect(await answersTo(definition(), { act: 'exit' }, {})).toEqual([exit, exit]);
    expect(await answersTo(definition(0.5), { act: 'hang' })).toEqual([
      { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out after 0.50 seconds' },
    ]);
    expect(await answersTo({ ...definition(), handler: 'main.handler' }, {})).toMatchObject([
      { errorType: 'Runtime.HandlerNotFound', errorMessage: 'main.handler is undefined or not exported' },
    ]);
  });
});

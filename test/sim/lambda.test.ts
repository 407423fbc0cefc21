import { buildSync } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Lambda } from '../../sim/lambda/lambda.ts';
import { functionOf, StageCloud } from './orchestration-cloud.ts';

let cloud: StageCloud;
let lambda: Lambda;

beforeEach(() => {
  cloud = new StageCloud();
  lambda = new Lambda({ region: 'us-west-2', account: cloud.account, cloud });
});
afterEach(() => cloud.end());

const invoke = (payload: unknown = {}) => cloud.until(lambda.invoke('worker', payload));
const deploy = (code: string, environment = {}, timeoutSeconds = 60, isInVpc = false) =>
  lambda.createFunction(functionOf('worker', code, environment, timeoutSeconds, isInVpc));

/** Bundles source with the real SDK as a deployment does. */
function bundle(source: string): string {
  const built = buildSync({
    stdin: { contents: source, resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node24',
  });
  return built.outputFiles[0]?.text ?? '';
}

const queues = `
  import { EC2Client, DescribeRegionsCommand } from '@aws-sdk/client-ec2';
  const client = new EC2Client({ region: process.env.TARGET, maxAttempts: 1,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 3000, throwOnRequestTimeout: true } });
  export const handler = async () => {
    const { Regions } = await client.send(new DescribeRegionsCommand({}));
    return Regions.map((region) => region.RegionName);
  };`;

describe('a deployed bundle', () => {
  it('runs with the environment of its template, not with that of the process around it', async () => {
    deploy(
      'exports.handler = async () => ({ table: process.env.TABLE, path: process.env.PATH ?? null, region: process.env.AWS_REGION })',
      { TABLE: 'plans' },
    );
    expect(await invoke()).toEqual({ table: 'plans', path: null, region: 'us-west-2' });
  });

  it('sends real SDK requests into the simulated network, with its role', async () => {
    deploy(bundle(queues), { TARGET: 'us-east-1' });
    cloud.answer = async () => ({
      status: 200,
      headers: { 'content-type': 'text/xml' },
      body: Buffer.from(
        '<DescribeRegionsResponse><regionInfo><item><regionName>r-1</regionName></item></regionInfo></DescribeRegionsResponse>',
      ),
    });
    expect(await invoke()).toEqual(['r-1']);
    expect(cloud.requests[0]).toMatchObject({
      method: 'POST',
      hostname: 'ec2.us-east-1.amazonaws.com',
      role: 'arn:aws:iam::123456789012:role/worker',
    });
    expect(cloud.requests[0]?.body.toString()).toContain('Action=DescribeRegions');
  });

  it('meets the connection timeout of its own client when the Region is silent', async () => {
    deploy(bundle(queues), { TARGET: 'us-east-1' });
    cloud.silent.add('us-east-1');
    const begun = Date.now();
    await expect(invoke()).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(Date.now() - begun).toBe(1000);
  });

  it('meets the request timeout of its own client when an answer never comes', async () => {
    deploy(bundle(queues), { TARGET: 'us-east-1' });
    cloud.answer = () => new Promise(() => {});
    const begun = Date.now();
    await expect(invoke()).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(Date.now() - begun).toBe(3000);
  });
});

describe('probes', () => {
  const listener = { instanceId: 'i-1', listens: [80], healthPath: '/health', serving: true, isOpen: true };
  const http = `const http = require('node:http');
    exports.handler = (event) => new Promise((settle) => {
      const request = http.get({ host: event.host, port: event.port, path: '/health', timeout: 2000 }, (response) => {
        let text = ''; response.on('data', (part) => (text += part)); response.on('end', () => settle([response.statusCode, text]));
      });
      request.on('timeout', () => request.destroy(new Error('timeout')));
      request.on('error', (error) => settle(error.code ?? error.message));
    });`;
  const tcp = `const net = require('net');
    exports.handler = (event) => new Promise((settle) => {
      const socket = net.connect({ host: event.host, port: event.port, timeout: 2000 });
      socket.once('connect', () => { socket.end(); settle('open'); });
      socket.once('timeout', () => { socket.destroy(); settle('timeout'); });
      socket.once('error', (error) => settle(error.code));
    });`;

  it.each([
    [http, [200, 'ok'], 'ECONNREFUSED', 'timeout'],
    [tcp, 'open', 'ECONNREFUSED', 'timeout'],
  ])('tell an open port, a closed port and nobody apart', async (code, open, closed, nobody) => {
    deploy(code, {}, 60, true);
    cloud.listeners.set('10.0.0.5', listener);
    expect(await invoke({ host: '10.0.0.5', port: 80 })).toEqual(open);
    expect(await invoke({ host: '10.0.0.5', port: 81 })).toEqual(closed);
    expect(await invoke({ host: '10.0.0.6', port: 80 })).toEqual(nobody);
    cloud.listeners.set('10.0.0.7', { ...listener, isOpen: false });
    expect(await invoke({ host: '10.0.0.7', port: 80 })).toEqual(nobody);
  });

  it.each([
    ['10.0.0.5', true, 'open'],
    ['10.0.0.5', false, 'timeout'],
    ['198.18.0.5', true, 'timeout'],
    ['198.18.0.5', false, 'open'],
  ])('reach %s from inside the VPC (%s): %s', async (address, isInVpc, met) => {
    deploy(tcp, {}, 60, isInVpc);
    cloud.listeners.set(address, listener);
    expect(await invoke({ host: address, port: 80 })).toBe(met);
  });

  it.each([
    ['http', http, [200, 'ok']],
    ['tcp', tcp, 'open'],
  ])('find a server by its name, and none by a name that DNS does not know, over %s', async (_, code, open) => {
    deploy(code);
    cloud.held.set('route53', {
      resolve: (name: string) => (name === 'shop.example.com' ? { values: ['198.18.0.5'] } : undefined),
    });
    cloud.listeners.set('198.18.0.5', listener);
    expect(await invoke({ host: 'shop.example.com', port: 80 })).toEqual(open);
    expect(await invoke({ host: 'shop.example.org', port: 80 })).toBe('ENOTFOUND');
  });

  it('meet TLS at port 443 and nowhere else', async () => {
    cloud.listeners.set('198.18.0.5', { ...listener, listens: [80, 443] });
    const answers = async (code: string, port: number) => {
      deploy(code);
      return invoke({ host: '198.18.0.5', port });
    };
    const https = http.replace('node:http', 'node:https');
    expect(await answers(https, 443)).toEqual([200, 'ok']);
    expect(await answers(https, 80)).toBe('ECONNRESET');
    expect(await answers(http, 443)).toBe('ECONNRESET');
  });
});

it('a function inside a VPC reaches no AWS endpoint', async () => {
  deploy(bundle(queues), { TARGET: 'us-west-2' }, 60, true);
  await expect(invoke()).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(cloud.requests).toHaveLength(0);
});

describe('instances', () => {
  const counter =
    'let runs = 0; exports.handler = async () => { await new Promise((done) => setTimeout(done, 1000)); return ++runs; }';

  it('are used again when idle, and started when all are busy', async () => {
    deploy(counter);
    const both = Promise.all([lambda.invoke('worker', {}), lambda.invoke('worker', {})]);
    expect(await cloud.until(both)).toEqual([1, 1]);
    expect(await invoke()).toBe(2);
    expect(lambda.coldStarts.get('worker')).toBe(2);
  });

  it('are ended by the timeout on virtual time, and never used again', async () => {
    deploy('let n = 0; exports.handler = (event) => event.hang ? new Promise(() => {}) : ++n', {}, 30);
    const begun = Date.now();
    await expect(invoke({ hang: true })).rejects.toMatchObject({ name: 'Sandbox.Timedout' });
    expect(Date.now() - begun).toBe(30_000);
    expect(await invoke()).toBe(1);
    expect(lambda.coldStarts.get('worker')).toBe(2);
  });

  it('that crash after a call have had its effect and answer with an exit error', async () => {
    deploy(bundle(queues), { TARGET: 'us-east-1' });
    cloud.crash = (_name, moment) => moment === 'after';
    await expect(invoke()).rejects.toMatchObject({ name: 'Runtime.ExitError' });
    expect(cloud.requests).toHaveLength(1);
  });

  it('do not run while their Region is silent', async () => {
    deploy('exports.handler = () => Date.now()');
    cloud.silent.add('us-west-2');
    cloud.clock.after(60_000, () => cloud.silent.delete('us-west-2'));
    const begun = Date.now();
    expect((await invoke()) as number).toBeGreaterThanOrEqual(begun + 60_000);
  });
});

describe('failures', () => {
  it('carry the name and text of the thrown error', async () => {
    deploy("exports.handler = async () => { throw Object.assign(new Error('no room'), { name: 'Full' }) }");
    await expect(invoke()).rejects.toMatchObject({
      name: 'Full',
      error: { errorType: 'Full', errorMessage: 'no room' },
    });
  });

  it('of an asynchronous invocation are tried again after 1 and 2 minutes', async () => {
    deploy(
      "const at = []; exports.handler = async () => { at.push(Date.now()); if (at.length < 3) throw new Error('x'); console.log(JSON.stringify(at)); }",
    );
    await lambda.invoke('worker', {}, { async: true });
    await cloud.until(new Promise<void>((done) => cloud.clock.after(200_000, done)));
    const [first, second, third] = JSON.parse(lambda.logs[0]?.line ?? '[]');
    expect([second - first, third - second]).toEqual([60_000, 120_000]);
  });

  it('of what is not modelled are loud', async () => {
    deploy("exports.handler = () => fetch('https://example.com')");
    await expect(invoke()).rejects.toMatchObject({ name: 'NotModelled' });
    expect(cloud.notModelled).toEqual([expect.stringContaining('fetch()')]);
  });
});

import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { EBSClient, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { GetHostedZoneCommand, Route53Client } from '@aws-sdk/client-route-53';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import { AwsError, type Call } from '../../sim/service.ts';
import type { Surface } from '../../sim/wire/dispatch.ts';
import { recording } from './recording.ts';

const models = {
  DescribeInstances: ['InstanceIds'],
  StartSnapshot: ['VolumeSize', 'ClientToken'],
  GetHostedZone: ['Id'],
  ListTopics: [],
  DescribeAlarms: [],
};
const cloudWith = (around: Surface['around']) => recording(models, { around });

describe('what stands around every call', () => {
  it('sees calls of every protocol, with their decoded input', async () => {
    const seen: [service: string, operation: string, input: unknown][] = [];
    const { config } = cloudWith((call, input, run) => {
      seen.push([call.service, call.operation, input]);
      return run();
    });
    await new EC2Client(config).send(new DescribeInstancesCommand({ InstanceIds: ['i-1'] }));
    await new EBSClient(config).send(new StartSnapshotCommand({ VolumeSize: 1, ClientToken: 't' }));
    await new Route53Client(config).send(new GetHostedZoneCommand({ Id: 'Z1' }));
    await new SNSClient(config).send(new ListTopicsCommand({}));
    await new CloudWatchClient(config).send(new DescribeAlarmsCommand({}));
    expect(seen).toEqual([
      ['ec2', 'DescribeInstances', { InstanceIds: ['i-1'] }],
      ['ebs', 'StartSnapshot', { VolumeSize: 1, ClientToken: 't' }],
      ['route53', 'GetHostedZone', { Id: 'Z1' }],
      ['sns', 'ListTopics', {}],
      ['monitoring', 'DescribeAlarms', {}],
    ]);
  });

  it('may refuse a call before it runs, in the words of each protocol', async () => {
    const { config, arrived } = cloudWith(() => {
      throw new AwsError('ThrottlingException', 'Rate exceeded', 429);
    });
    const refused = { name: 'ThrottlingException', message: 'Rate exceeded', $metadata: { httpStatusCode: 429 } };
    await expect(new EC2Client(config).send(new DescribeInstancesCommand({}))).rejects.toMatchObject(refused);
    await expect(new EBSClient(config).send(new StartSnapshotCommand({ VolumeSize: 1 }))).rejects.toMatchObject(
      refused,
    );
    await expect(new Route53Client(config).send(new GetHostedZoneCommand({ Id: 'Z1' }))).rejects.toMatchObject(refused);
    await expect(new SNSClient(config).send(new ListTopicsCommand({}))).rejects.toMatchObject(refused);
    await expect(new CloudWatchClient(config).send(new DescribeAlarmsCommand({}))).rejects.toMatchObject(refused);
    expect(arrived).toEqual([]);
  });

  it('may lose the answer of a call that ran', async () => {
    const { config, arrived } = cloudWith(async (_call, _input, run) => {
      await run();
      throw new AwsError('InternalError', 'lost', 500);
    });
    await expect(new EC2Client(config).send(new DescribeInstancesCommand({}))).rejects.toMatchObject({
      name: 'InternalError',
      $metadata: { httpStatusCode: 500 },
    });
    expect(arrived).toHaveLength(1);
  });

  it('may swallow a call, which then never settles', async () => {
    const { config, arrived } = cloudWith(() => new Promise(() => {}));
    const gone = new AbortController();
    let isSettled = false;
    const asked = new SNSClient(config)
      .send(new ListTopicsCommand({}), { abortSignal: gone.signal })
      .catch((error: Error) => error.name)
      .finally(() => {
        isSettled = true;
      });
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(isSettled).toBe(false);
    gone.abort();
    expect(await asked).toBe('AbortError');
    expect(arrived).toEqual([]);
  });

  it('knows the Region, the caller and the request that the answer names', async () => {
    const calls: Call[] = [];
    const { dispatch } = cloudWith((call, _input, run) => {
      calls.push(call);
      return run();
    });
    const answer = await dispatch({
      method: 'POST',
      hostname: 'sns.eu-west-1.amazonaws.com',
      path: '/',
      headers: {},
      body: Buffer.from('Action=ListTopics&Version=2010-03-31'),
      role: 'arn:aws:iam::123456789012:role/watch',
    });
    expect(calls).toEqual([
      {
        service: 'sns',
        operation: 'ListTopics',
        region: 'eu-west-1',
        requestId: 'request-1',
        hostname: 'sns.eu-west-1.amazonaws.com',
        role: 'arn:aws:iam::123456789012:role/watch',
      },
    ]);
    expect(answer.headers['x-amzn-requestid']).toBe('request-1');
  });
});

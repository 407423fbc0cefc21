import { connect } from 'node:net';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { ChangeResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../sim/clock.ts';
import { AwsError } from '../../sim/service.ts';
import { type Loopback, listen } from '../../sim/wire/loopback.ts';
import { type Recording, recording } from './recording.ts';

let cloud: Recording;
let isSilent: boolean;
let swallowed: () => void;
let loopback: Loopback;

beforeEach(async () => {
  isSilent = false;
  swallowed = () => {};
  cloud = recording(
    {
      DescribeInstances: ['InstanceIds'],
      ChangeResourceRecordSets: ['HostedZoneId', 'ChangeBatch'],
      Publish: ['TopicArn', 'Message'],
    },
    {
      around: (_call, _input, run) => {
        if (!isSilent) return run();
        swallowed();
        return new Promise(() => {});
      },
    },
  );
  loopback = await listen(cloud.dispatch);
});

afterEach(() => loopback.close());

const config = (sessionToken?: string) => ({
  region: 'eu-west-1',
  endpoint: loopback.url,
  maxAttempts: 1,
  credentials: {
    accessKeyId: 'a',
    secretAccessKey: 'b',
    ...(sessionToken === undefined ? {} : { sessionToken }),
  },
});
const publish = (sessionToken?: string) =>
  new SNSClient(config(sessionToken)).send(new PublishCommand({ TopicArn: 't', Message: 'é & <m>' }));

describe('the cloud on a loopback port', () => {
  it('answers EC2, Route 53 and SNS clients that call it by its address', async () => {
    cloud.answer = () => ({ Reservations: [], ChangeInfo: undefined, MessageId: 'm-1' });
    const ec2 = new EC2Client(config());
    const route53 = new Route53Client(config());
    expect((await ec2.send(new DescribeInstancesCommand({ InstanceIds: ['i-1'] }))).Reservations).toEqual([]);
    const batch = { HostedZoneId: 'Z1', ChangeBatch: { Changes: [], Comment: 'a & b' } };
    await route53.send(new ChangeResourceRecordSetsCommand(batch));
    expect((await publish()).MessageId).toBe('m-1');
    expect(cloud.arrived.map(({ call, input }) => [call.service, call.region, input])).toEqual([
      ['ec2', 'eu-west-1', { InstanceIds: ['i-1'] }],
      ['route53', 'us-east-1', batch],
      ['sns', 'eu-west-1', { TopicArn: 't', Message: 'é & <m>' }],
    ]);
  });

  it('is on this machine only', () => {
    expect(loopback.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('knows a function by the role in its session token, and takes no other token for a role', async () => {
    await publish('arn:aws:iam::123456789012:role/watch');
    await publish('IQoJb3JpZ2luX2VjE');
    expect(cloud.arrived.map(({ call }) => call.role)).toEqual(['arn:aws:iam::123456789012:role/watch', undefined]);
  });

  it('answers errors as AWS does', async () => {
    cloud.answer = () => {
      throw new AwsError('NotFoundException', 'Topic does not exist', 404);
    };
    await expect(publish()).rejects.toMatchObject({
      name: 'NotFoundException',
      message: 'Topic does not exist',
      $metadata: { httpStatusCode: 404 },
    });
  });

  it('answers 501 where there is no such service, and names it', async () => {
    const authorization = 'AWS4-HMAC-SHA256 Credential=a/20260105/us-west-2/sqs/aws4_request, Signature=0';
    const answer = await fetch(loopback.url, { method: 'POST', headers: { authorization } });
    expect(answer.status).toBe(501);
    expect(await answer.json()).toEqual({
      __type: 'NotModelled',
      message: 'The simulated cloud does not model the endpoint sqs at 127.0.0.1.',
    });
    expect(cloud.notModelled).toHaveLength(1);
  });

  it('answers 500 where the simulator itself fails', async () => {
    const broken = await listen(() => Promise.reject(new TypeError('a bug')));
    const answer = await fetch(broken.url);
    expect([answer.status, await answer.json()]).toEqual([500, { __type: 'TypeError', message: 'a bug' }]);
    await broken.close();
  });

  it('goes on when a client leaves, before its request is whole or before it is answered', async () => {
    const { port } = new URL(loopback.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf');
        setImmediate(() => socket.destroy());
      });
      socket.once('close', () => resolve());
    });
    isSilent = true;
    const arrived = new Promise<void>((resolve) => {
      swallowed = resolve;
    });
    const gone = new AbortController();
    const asked = new SNSClient(config()).send(new PublishCommand({ Message: 'm' }), { abortSignal: gone.signal });
    await arrived;
    gone.abort();
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
    isSilent = false;
    await expect(publish()).resolves.toMatchObject({ $metadata: { httpStatusCode: 200 } });
  });

  it('leaves the calls of a silent Region open until it closes, and then hangs up on them', async () => {
    isSilent = true;
    const arrived = new Promise<void>((resolve) => {
      swallowed = resolve;
    });
    const asked = publish().catch((error: unknown) => (error as { code?: string }).code);
    await arrived;
    await loopback.close();
    expect(await asked).toBe('ECONNRESET');
    loopback = await listen(cloud.dispatch);
  });

  it('answers while virtual time stands still', async () => {
    const clock = new VirtualClock(new Date('2026-01-05T10:00:00Z'));
    try {
      await expect(publish()).resolves.toMatchObject({ $metadata: { httpStatusCode: 200 } });
    } finally {
      clock.uninstall();
    }
  });
});

import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import {
  EBSClient,
  GetSnapshotBlockCommand,
  ListChangedBlocksCommand,
  PutSnapshotBlockCommand,
  StartSnapshotCommand,
} from '@aws-sdk/client-ebs';
import {
  CreateSnapshotsCommand,
  type CreateSnapshotsCommandInput,
  type CreateSnapshotsCommandOutput,
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, it } from 'vitest';
import { AwsError, type Service } from '../../sim/service.ts';
import { createDispatch } from '../../sim/wire/dispatch.ts';
import { inProcessHandler } from '../../sim/wire/handler.ts';

/** A service that remembers what arrived and answers what the test says. */
let arrived: { service: string; region: string; operation: string; input: unknown }[];
let answer: () => object;
let models: string[];
let notModelled: string[];

beforeEach(() => {
  arrived = [];
  notModelled = [];
  models = [];
  answer = () => ({});
});

function clientConfig() {
  const service = (operations: string[]): Service => ({
    operations: Object.fromEntries(
      operations.map((name) => [
        name,
        {
          models,
          run: (input, call) => {
            arrived.push({ service: call.service, region: call.region, operation: call.operation, input });
            return answer();
          },
        },
      ]),
    ),
  });
  const all = service([
    'CreateSnapshots',
    'DescribeSnapshots',
    'StartSnapshot',
    'PutSnapshotBlock',
    'GetSnapshotBlock',
    'ListChangedBlocks',
    'DescribeAlarms',
  ]);
  const dispatch = createDispatch({ service: () => all, requestId: () => 'request-1', notModelled });
  return {
    region: 'us-west-2',
    maxAttempts: 1,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    requestHandler: inProcessHandler(dispatch),
  };
}

const ec2 = () => new EC2Client(clientConfig());
const ebs = () => new EBSClient(clientConfig());

describe('EC2 over the wire', () => {
  const input: CreateSnapshotsCommandInput = {
    InstanceSpecification: { InstanceId: 'i-1', ExcludeBootVolume: false, ExcludeDataVolumeIds: ['vol-1', 'vol-2'] },
    Description: 'a < b & "c"',
    TagSpecifications: [
      {
        ResourceType: 'snapshot',
        Tags: [
          { Key: 'k', Value: 'v 1' },
          { Key: 'l', Value: '' },
        ],
      },
    ],
  };

  it('brings nested lists, booleans and texts to the operation as the caller gave them', async () => {
    models = ['InstanceSpecification', 'Description', 'TagSpecifications'];
    await ec2().send(new CreateSnapshotsCommand(input));
    expect(arrived).toEqual([{ service: 'ec2', region: 'us-west-2', operation: 'CreateSnapshots', input }]);
  });

  it('brings times, numbers and tags back as the operation answered', async () => {
    models = ['InstanceSpecification'];
    const snapshots: CreateSnapshotsCommandOutput['Snapshots'] = [
      {
        SnapshotId: 'snap-1',
        VolumeSize: 8,
        Encrypted: true,
        StartTime: new Date('2026-01-05T10:00:00.000Z'),
        Tags: [{ Key: 'a&b', Value: '<c>' }],
      },
      { SnapshotId: 'snap-2', VolumeSize: 9, Encrypted: false },
    ];
    answer = () => ({ Snapshots: snapshots });
    const output = await ec2().send(new CreateSnapshotsCommand({ InstanceSpecification: { InstanceId: 'i-1' } }));
    expect(output.Snapshots).toEqual(snapshots);
  });

  it('answers an error by its code, with its status', async () => {
    models = ['SnapshotIds'];
    answer = () => {
      throw new AwsError('InvalidSnapshot.NotFound', 'The snapshot snap-9 does not exist.');
    };
    await expect(ec2().send(new DescribeSnapshotsCommand({ SnapshotIds: ['snap-9'] }))).rejects.toMatchObject({
      name: 'InvalidSnapshot.NotFound',
      message: 'The snapshot snap-9 does not exist.',
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('refuses by name a member that is not modelled, and remembers it', async () => {
    models = ['SnapshotIds'];
    await expect(ec2().send(new DescribeSnapshotsCommand({ RestorableByUserIds: ['self'] }))).rejects.toMatchObject({
      name: 'NotModelled',
    });
    expect(notModelled).toEqual([
      'The simulated cloud does not model the parameter RestorableByUserIds of ec2 DescribeSnapshots.',
    ]);
  });

  it('refuses by name an operation that is not modelled', async () => {
    await expect(ec2().send(new DescribeInstancesCommand({}))).rejects.toMatchObject({ name: 'NotModelled' });
    expect(notModelled).toEqual(['The simulated cloud does not model ec2 DescribeInstances.']);
  });
});

describe('EBS direct over the wire', () => {
  it('brings path, query and numbers to the operation', async () => {
    models = ['FirstSnapshotId', 'SecondSnapshotId', 'MaxResults', 'StartingBlockIndex'];
    answer = () => ({
      ChangedBlocks: [{ BlockIndex: 6_003, FirstBlockToken: 'AAUB' }],
      ExpiryTime: new Date('2026-01-05T10:00:00Z'),
      BlockSize: 524_288,
    });
    const asked = { FirstSnapshotId: 'snap-1', SecondSnapshotId: 'snap-2', MaxResults: 100, StartingBlockIndex: 7 };
    const output = await ebs().send(new ListChangedBlocksCommand(asked));
    expect(arrived[0]?.input).toEqual(asked);
    expect(output).toMatchObject({
      ChangedBlocks: [{ BlockIndex: 6_003, FirstBlockToken: 'AAUB' }],
      ExpiryTime: new Date('2026-01-05T10:00:00Z'),
      BlockSize: 524_288,
    });
  });

  it('carries a block there byte by byte', async () => {
    models = ['SnapshotId', 'BlockIndex', 'BlockData', 'DataLength', 'Checksum', 'ChecksumAlgorithm'];
    const block = Buffer.alloc(524_288, 0xa5);
    await ebs().send(
      new PutSnapshotBlockCommand({
        SnapshotId: 'snap-1',
        BlockIndex: 3,
        BlockData: block,
        DataLength: 524_288,
        Checksum: 'x+/=',
        ChecksumAlgorithm: 'SHA256',
      }),
    );
    const { BlockData, ...rest } = arrived[0]?.input as { BlockData: Buffer };
    expect(block.equals(BlockData)).toBe(true);
    expect(rest).toEqual({
      SnapshotId: 'snap-1',
      BlockIndex: 3,
      DataLength: 524_288,
      Checksum: 'x+/=',
      ChecksumAlgorithm: 'SHA256',
    });
  });

  it('carries a block back byte by byte, with its checksum', async () => {
    models = ['SnapshotId', 'BlockIndex', 'BlockToken'];
    const block = Buffer.alloc(524_288, 0x5a);
    answer = () => ({ BlockData: block, DataLength: 524_288, Checksum: 'sum', ChecksumAlgorithm: 'SHA256' });
    const output = await ebs().send(
      new GetSnapshotBlockCommand({ SnapshotId: 'snap-1', BlockIndex: 3, BlockToken: 't/+=' }),
    );
    expect(arrived[0]?.input).toEqual({ SnapshotId: 'snap-1', BlockIndex: 3, BlockToken: 't/+=' });
    expect(output).toMatchObject({ DataLength: 524_288, Checksum: 'sum' });
    expect(block.equals((await output.BlockData?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true);
  });

  it('answers an error with its Reason', async () => {
    models = ['VolumeSize', 'ClientToken'];
    answer = () => {
      throw new AwsError('ValidationException', 'wrong', 400, { Reason: 'INVALID_VOLUME_SIZE' });
    };
    await expect(ebs().send(new StartSnapshotCommand({ VolumeSize: 1 }))).rejects.toMatchObject({
      name: 'ValidationException',
      Reason: 'INVALID_VOLUME_SIZE',
    });
  });
});

describe('a request that is aborted', () => {
  it('ends at once, also on a Region that never answers', async () => {
    const handler = inProcessHandler(() => new Promise(() => {}));
    const client = new EC2Client({ ...clientConfig(), requestHandler: handler });
    const gone = new AbortController();
    gone.abort();
    await expect(client.send(new DescribeInstancesCommand({}), { abortSignal: gone.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    const later = new AbortController();
    const asked = client.send(new DescribeInstancesCommand({}), { abortSignal: later.signal });
    setImmediate(() => later.abort());
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('JSON services over the wire', () => {
  it('brings times back', async () => {
    models = ['AlarmNames'];
    const at = new Date('2026-01-05T10:00:00.000Z');
    answer = () => ({ MetricAlarms: [{ AlarmName: 'a', StateValue: 'ALARM', StateTransitionedTimestamp: at }] });
    const output = await new CloudWatchClient(clientConfig()).send(new DescribeAlarmsCommand({ AlarmNames: ['a'] }));
    expect(arrived[0]?.input).toEqual({ AlarmNames: ['a'] });
    expect(output.MetricAlarms).toEqual([{ AlarmName: 'a', StateValue: 'ALARM', StateTransitionedTimestamp: at }]);
  });
});

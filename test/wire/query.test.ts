import {
  CloudFormationClient,
  CreateStackCommand,
  type CreateStackCommandInput,
  DeleteStackCommand,
  DescribeStacksCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import {
  GetTopicAttributesCommand,
  ListTopicsCommand,
  NotFoundException,
  PublishCommand,
  type PublishCommandInput,
  SNSClient,
} from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import { AwsError } from '../../sim/service.ts';
import { recording } from './recording.ts';

const awkward = '+ %20 = & <a> "b" \'c\'\r\né 😀';

describe('a query request', () => {
  const cloud = recording({
    Publish: ['TopicArn', 'Subject', 'Message', 'MessageAttributes'],
    CreateStack: ['StackName', 'Parameters', 'Capabilities', 'Tags', 'DisableRollback', 'TimeoutInMinutes'],
    ListTopics: [],
  });

  it('brings texts and maps to the operation as the caller gave them', async () => {
    const input: PublishCommandInput = {
      TopicArn: 'arn:aws:sns:us-west-2:123456789012:t',
      Subject: '',
      Message: awkward,
      MessageAttributes: {
        'a.b': { DataType: 'String', StringValue: awkward },
        c: { DataType: 'Binary', BinaryValue: Buffer.from([0, 255]) },
      },
    };
    await new SNSClient(cloud.config).send(new PublishCommand(input));
    expect(cloud.arrived.at(-1)).toEqual({
      call: {
        service: 'sns',
        operation: 'Publish',
        region: 'us-west-2',
        requestId: 'request-1',
        role: undefined,
        hostname: 'sns.us-west-2.amazonaws.com',
      },
      input,
    });
  });

  it('brings lists in their order, also beyond nine and empty ones, with booleans and numbers', async () => {
    const input: CreateStackCommandInput = {
      StackName: 'shop',
      Parameters: Array.from({ length: 12 }, (_, n) => ({ ParameterKey: `p${n}`, ParameterValue: String(n) })),
      Capabilities: ['CAPABILITY_IAM'],
      Tags: [],
      DisableRollback: false,
      TimeoutInMinutes: 5,
    };
    await new CloudFormationClient(cloud.config).send(new CreateStackCommand(input));
    expect(cloud.arrived.at(-1)).toMatchObject({ call: { service: 'cloudformation', region: 'us-west-2' } });
    expect(cloud.arrived.at(-1)?.input).toEqual(input);
  });

  it('brings an input without members', async () => {
    await new SNSClient(cloud.config).send(new ListTopicsCommand({}));
    expect(cloud.arrived.at(-1)?.input).toEqual({});
  });
});

describe('a query answer', () => {
  const cloud = recording({
    DescribeStacks: ['StackName'],
    DeleteStack: ['StackName'],
    GetTopicAttributes: ['TopicArn'],
    Publish: ['Message'],
  });
  const cloudformation = new CloudFormationClient(cloud.config);
  const sns = new SNSClient(cloud.config);

  it('is read back as the operation gave it, lists, times and empty texts too', async () => {
    const Stacks: Stack[] = [
      {
        StackName: 'shop',
        StackStatus: 'CREATE_COMPLETE',
        CreationTime: new Date('2026-01-05T10:00:00.000Z'),
        DisableRollback: false,
        Outputs: [
          { OutputKey: 'a', OutputValue: awkward },
          { OutputKey: 'b', OutputValue: '' },
        ],
      },
    ];
    cloud.answer = () => ({ Stacks });
    const output = await cloudformation.send(new DescribeStacksCommand({ StackName: 'shop' }));
    expect(output.Stacks).toEqual(Stacks);
    expect(output.$metadata.requestId).toBe('request-1');
  });

  it('brings maps back', async () => {
    const Attributes = { DisplayName: awkward, Policy: '{"a":"<b>"}' };
    cloud.answer = () => ({ Attributes });
    expect(await sns.send(new GetTopicAttributesCommand({ TopicArn: 't' }))).toMatchObject({ Attributes });
  });

  it('has no result where the operation has no output', async () => {
    cloud.answer = () => ({});
    const answer = await cloud.dispatch({
      method: 'POST',
      hostname: 'cloudformation.us-west-2.amazonaws.com',
      path: '/',
      headers: {},
      body: Buffer.from('Action=DeleteStack&Version=2010-05-15&StackName=shop'),
    });
    expect(Buffer.from(answer.body).toString()).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?><DeleteStackResponse xmlns="http:\/\/cloudformation.amazonaws.com\/doc\/2010-05-15\/"><ResponseMetadata><RequestId>request-\d+<\/RequestId><\/ResponseMetadata><\/DeleteStackResponse>$/,
    );
    await expect(cloudformation.send(new DeleteStackCommand({ StackName: 'shop' }))).resolves.toMatchObject({
      $metadata: { httpStatusCode: 200 },
    });
  });

  it('is a modelled error by its name, although it has another code on the wire', async () => {
    cloud.answer = () => {
      throw new AwsError('NotFoundException', 'Topic <t> does not exist', 404);
    };
    const refused = await sns.send(new PublishCommand({ Message: 'm' })).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(NotFoundException);
    expect(refused).toMatchObject({
      name: 'NotFoundException',
      Code: 'NotFound',
      message: 'Topic <t> does not exist',
      $fault: 'client',
      $metadata: { httpStatusCode: 404 },
    });
  });

  it('is an error that is not modelled by its code, with its message and status', async () => {
    cloud.answer = () => {
      throw new AwsError('ValidationError', 'Stack with id "shop" does not exist', 400);
    };
    await expect(cloudformation.send(new DescribeStacksCommand({ StackName: 'shop' }))).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'Stack with id "shop" does not exist',
      Type: 'Sender',
      $metadata: { httpStatusCode: 400 },
    });
    cloud.answer = () => {
      throw new AwsError('InternalFailure', 'oh', 500);
    };
    await expect(cloudformation.send(new DescribeStacksCommand({}))).rejects.toMatchObject({
      name: 'InternalFailure',
      Type: 'Receiver',
      $metadata: { httpStatusCode: 500 },
    });
  });
});

import {
  GetProvisionedConcurrencyConfigCommand,
  InvokeCommand,
  LambdaClient,
  ListProvisionedConcurrencyConfigsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';
import { AwsError } from '../../sim/service.ts';
import { recording } from './recording.ts';

describe('Lambda over the wire', () => {
  const cloud = recording({
    Invoke: ['FunctionName', 'InvocationType', 'Payload'],
    GetProvisionedConcurrencyConfig: ['FunctionName', 'Qualifier'],
    ListProvisionedConcurrencyConfigs: ['FunctionName'],
  });
  const client = new LambdaClient(cloud.config);
  const FunctionName = 'arn:aws:lambda:us-west-2:123456789012:function:shop';

  it('brings a name that needs encoding in the path, a header, and the payload as bytes', async () => {
    const Payload = Buffer.from('{"a":"<é> & \\"b\\""}');
    await client.send(new InvokeCommand({ FunctionName, InvocationType: 'RequestResponse', Payload }));
    const { call, input } = cloud.arrived.at(-1) ?? {};
    expect(call).toMatchObject({ service: 'lambda', operation: 'Invoke', region: 'us-west-2' });
    expect(input).toEqual({ FunctionName, InvocationType: 'RequestResponse', Payload });
  });

  it('takes a body without bytes as no payload', async () => {
    await client.send(new InvokeCommand({ FunctionName }));
    expect(cloud.arrived.at(-1)?.input).toEqual({ FunctionName });
  });

  it('tells operations on one path apart by the parameters that their patterns set', async () => {
    await client.send(new ListProvisionedConcurrencyConfigsCommand({ FunctionName }));
    await client.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: '1' }));
    expect(cloud.arrived.slice(-2).map(({ call, input }) => [call.operation, input])).toEqual([
      ['ListProvisionedConcurrencyConfigs', { FunctionName }],
      ['GetProvisionedConcurrencyConfig', { FunctionName, Qualifier: '1' }],
    ]);
  });

  it('answers with the status, headers and payload that the operation gave', async () => {
    cloud.answer = () => ({ StatusCode: 200, FunctionError: 'Unhandled', Payload: Buffer.from('{"x":1}') });
    const output = await client.send(new InvokeCommand({ FunctionName }));
    expect(output).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled' });
    expect(output.Payload?.transformToString()).toBe('{"x":1}');
  });

  it('answers an event that is only taken with 202 and nothing else', async () => {
    cloud.answer = () => ({ StatusCode: 202 });
    const output = await client.send(new InvokeCommand({ FunctionName, InvocationType: 'Event' }));
    expect(output.StatusCode).toBe(202);
    expect(output.Payload?.length ?? 0).toBe(0);
  });

  it('answers an error by name, with its message and status', async () => {
    cloud.answer = () => {
      throw new AwsError('ResourceNotFoundException', 'Function not found: shop', 404);
    };
    const refused = await client.send(new InvokeCommand({ FunctionName })).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ResourceNotFoundException);
    expect(refused).toMatchObject({ message: 'Function not found: shop', $metadata: { httpStatusCode: 404 } });
  });
});

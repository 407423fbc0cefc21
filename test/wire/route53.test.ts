import {
  ChangeResourceRecordSetsCommand,
  type ChangeResourceRecordSetsCommandInput,
  GetChangeCommand,
  InvalidChangeBatch,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  Route53Client,
} from '@aws-sdk/client-route-53';
import { describe, expect, it } from 'vitest';
import { AwsError } from '../../sim/service.ts';
import { recording } from './recording.ts';

const awkward = '"v=1; a & b <c> \'d\' &amp; é 😀"';
const submittedAt = new Date('2026-01-05T10:00:00.000Z');

describe('a Route 53 request', () => {
  const cloud = recording({
    ChangeResourceRecordSets: ['HostedZoneId', 'ChangeBatch'],
    ListResourceRecordSets: ['HostedZoneId', 'StartRecordName', 'StartRecordType', 'MaxItems'],
  });
  const client = new Route53Client(cloud.config);

  it('brings a change batch to the operation as the caller gave it', async () => {
    const input: ChangeResourceRecordSetsCommandInput = {
      HostedZoneId: 'Z1',
      ChangeBatch: {
        Comment: ' one & two\r\nthree ',
        Changes: [
          {
            Action: 'UPSERT',
            ResourceRecordSet: {
              Name: 'a.shop.example.',
              Type: 'TXT',
              TTL: 60,
              ResourceRecords: [{ Value: awkward }, { Value: '007' }, { Value: '' }],
            },
          },
          {
            Action: 'CREATE',
            ResourceRecordSet: {
              Name: 'b.shop.example.',
              Type: 'A',
              AliasTarget: { HostedZoneId: 'Z2', DNSName: 'lb.example.', EvaluateTargetHealth: false },
            },
          },
        ],
      },
    };
    await client.send(new ChangeResourceRecordSetsCommand(input));
    expect(cloud.arrived.at(-1)).toEqual({
      call: {
        service: 'route53',
        operation: 'ChangeResourceRecordSets',
        region: 'us-east-1',
        requestId: 'request-1',
        hostname: 'route53.amazonaws.com',
        role: undefined,
      },
      input,
    });
  });

  it('keeps a batch of one change a list, and an empty list empty', async () => {
    const Changes = [{ Action: 'DELETE' as const, ResourceRecordSet: { Name: 'a.', Type: 'A' as const, TTL: 0 } }];
    await client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: 'Z1', ChangeBatch: { Changes } }));
    expect(cloud.arrived.at(-1)?.input).toEqual({ HostedZoneId: 'Z1', ChangeBatch: { Changes } });
    await client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: 'Z1', ChangeBatch: { Changes: [] } }));
    expect(cloud.arrived.at(-1)?.input).toEqual({ HostedZoneId: 'Z1', ChangeBatch: { Changes: [] } });
  });

  it('brings path labels and query parameters with their types', async () => {
    const input = {
      HostedZoneId: 'Z1',
      StartRecordName: '\\052.shop+a b.example.',
      StartRecordType: 'A' as const,
      MaxItems: 7,
    };
    await client.send(new ListResourceRecordSetsCommand(input));
    expect(cloud.arrived.at(-1)?.input).toEqual(input);
  });
});

describe('a Route 53 answer', () => {
  const cloud = recording({
    GetChange: ['Id'],
    ListResourceRecordSets: ['HostedZoneId'],
    ChangeResourceRecordSets: ['HostedZoneId', 'ChangeBatch'],
  });
  const client = new Route53Client(cloud.config);
  const change = () =>
    client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: 'Z1', ChangeBatch: { Changes: [] } }));

  it('is read back as the operation gave it', async () => {
    const ResourceRecordSets: ResourceRecordSet[] = [
      { Name: 'a.', Type: 'TXT', TTL: 60, ResourceRecords: [{ Value: awkward }, { Value: '' }] },
      { Name: 'b.', Type: 'A', Failover: 'PRIMARY', SetIdentifier: 'x', ResourceRecords: [{ Value: '10.0.0.1' }] },
    ];
    const answer = { ResourceRecordSets, IsTruncated: true, NextRecordName: 'c.', MaxItems: 2 };
    cloud.answer = () => answer;
    const { $metadata, ...output } = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: 'Z1' }));
    expect(output).toEqual(answer);
    expect($metadata).toMatchObject({ httpStatusCode: 200, requestId: 'request-1' });
  });

  it('brings times back', async () => {
    const ChangeInfo = { Id: '/change/C1', Status: 'PENDING' as const, SubmittedAt: submittedAt, Comment: '' };
    cloud.answer = () => ({ ChangeInfo });
    expect(await client.send(new GetChangeCommand({ Id: 'C1' }))).toMatchObject({ ChangeInfo });
  });

  it('is a refused batch by name, with every reason', async () => {
    cloud.answer = () => {
      throw new AwsError('InvalidChangeBatch', '[one <1>, two]', 400, { messages: ['one <1>', 'two'] });
    };
    const refused = await change().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(InvalidChangeBatch);
    expect(refused).toMatchObject({
      name: 'InvalidChangeBatch',
      message: '[one <1>, two]',
      messages: ['one <1>', 'two'],
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('is an error by its code, with its message and status, whether Route 53 models it or not', async () => {
    cloud.answer = () => {
      throw new AwsError('PriorRequestNotComplete', 'a & b', 400);
    };
    await expect(change()).rejects.toMatchObject({ name: 'PriorRequestNotComplete', message: 'a & b' });
    cloud.answer = () => {
      throw new AwsError('ServiceUnavailable', 'gone', 503);
    };
    await expect(change()).rejects.toMatchObject({
      name: 'ServiceUnavailable',
      message: 'gone',
      $metadata: { httpStatusCode: 503 },
    });
  });
});

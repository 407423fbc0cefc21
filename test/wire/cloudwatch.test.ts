import { CloudWatchClient, DescribeAlarmsCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { SmithyRpcV2CborProtocol } from '@smithy/core/cbor';
import { describe, expect, it } from 'vitest';
import { AwsError } from '../../sim/service.ts';
import { recording } from './recording.ts';

const at = new Date('2026-01-05T10:00:00.000Z');

describe('CloudWatch over the wire', () => {
  const cloud = recording({ PutMetricData: ['Namespace', 'MetricData'], DescribeAlarms: ['AlarmNames'] });
  const json = new CloudWatchClient(cloud.config);
  // As the AWS CLI speaks with it.
  const cbor = new CloudWatchClient({
    ...cloud.config,
    protocol: SmithyRpcV2CborProtocol,
    protocolSettings: { defaultNamespace: 'com.amazonaws.cloudwatch' },
  });

  it('takes metrics that the client packed because they are many', async () => {
    const MetricData = Array.from({ length: 300 }, (_, n) => ({ MetricName: `metric ${n} & <b>`, Value: n / 8 }));
    await json.send(new PutMetricDataCommand({ Namespace: 'shop', MetricData }));
    expect(cloud.arrived.at(-1)?.input).toEqual({ Namespace: 'shop', MetricData });
  });

  it('speaks CBOR with who begins in it: texts, numbers and times come and go', async () => {
    const MetricData = [{ MetricName: 'lag é', Timestamp: at, Value: 1.5, Dimensions: [{ Name: 'a', Value: '' }] }];
    await cbor.send(new PutMetricDataCommand({ Namespace: 'shop', MetricData }));
    expect(cloud.arrived.at(-1)).toMatchObject({ call: { service: 'monitoring', operation: 'PutMetricData' } });
    expect(cloud.arrived.at(-1)?.input).toEqual({ Namespace: 'shop', MetricData });
    const MetricAlarms = [{ AlarmName: 'a', Threshold: 0.25, StateTransitionedTimestamp: at }];
    cloud.answer = () => ({ MetricAlarms });
    expect((await cbor.send(new DescribeAlarmsCommand({ AlarmNames: ['a'] }))).MetricAlarms).toEqual(MetricAlarms);
  });

  it('answers errors in CBOR by their code, with their message and status', async () => {
    cloud.answer = () => {
      throw new AwsError('InvalidParameterValue', 'wrong', 400);
    };
    // The SDK's bare protocol leaves an error that is not modelled unnamed, and gives what was answered.
    await expect(cbor.send(new DescribeAlarmsCommand({}))).rejects.toMatchObject({
      __type: 'InvalidParameterValue',
      message: 'wrong',
      $metadata: { httpStatusCode: 400 },
    });
  });
});

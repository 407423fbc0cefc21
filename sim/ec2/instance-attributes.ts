import type {
  DescribeInstanceAttributeRequest,
  DescribeInstanceCreditSpecificationsRequest,
  DescribeInstanceCreditSpecificationsResult,
  GetInstanceUefiDataRequest,
  GetInstanceUefiDataResult,
  InstanceAttribute,
  ModifyInstanceAttributeRequest,
} from '@aws-sdk/client-ec2';
import { AwsError, NotModelled } from '../service.ts';
import { ec2Operation } from './ec2-operation.ts';
import { found, invalid, select } from './errors.ts';
import { applyFilters } from './filters.ts';
import { severalInterfaces } from './interfaces.ts';
import { unknownInstance } from './lifecycle.ts';
import type { InstanceRecord } from './records.ts';
import type { Ec2State } from './state.ts';

function describeAttribute(state: Ec2State, input: DescribeInstanceAttributeRequest): InstanceAttribute {
  const instance = found(state.instances, input.InstanceId, unknownInstance, 'instance ID');
  const { options } = instance;
  const answers: Readonly<Record<string, InstanceAttribute>> = {
    userData: { UserData: instance.request.UserData === undefined ? {} : { Value: instance.request.UserData } },
    disableApiTermination: { DisableApiTermination: { Value: instance.disableApiTermination } },
    disableApiStop: { DisableApiStop: { Value: instance.disableApiStop } },
    instanceType: { InstanceType: { Value: instance.instanceType } },
    rootDeviceName: { RootDeviceName: { Value: instance.rootDevice } },
    ebsOptimized: { EbsOptimized: { Value: instance.request.EbsOptimized ?? false } },
    sourceDestCheck: { SourceDestCheck: { Value: instance.interfaces[0].sourceDestCheck } },
    instanceInitiatedShutdownBehavior: { InstanceInitiatedShutdownBehavior: { Value: options.shutdownBehavior } },
  };
  const answer = answers[input.Attribute ?? ''];
  if (answer === undefined) throw new NotModelled(`instance attribute ${input.Attribute}`);
  return { InstanceId: instance.id, ...answer };
}

/** One attribute a call. @source aws-facts [3.6] */
function modifyAttribute(state: Ec2State, input: ModifyInstanceAttributeRequest): object {
  const instance = found(state.instances, input.InstanceId, unknownInstance, 'instance ID');
  const { BlockDeviceMappings, DisableApiStop, DisableApiTermination, SourceDestCheck } = input;
  const { InstanceInitiatedShutdownBehavior: shutdown } = input;
  const given = [BlockDeviceMappings, DisableApiStop, DisableApiTermination, SourceDestCheck, shutdown];
  if (given.filter((attribute) => attribute !== undefined).length !== 1)
    throw new AwsError('InvalidParameterCombination', 'Specify exactly one attribute.');
  const [first, ...others] = instance.interfaces;
  if (SourceDestCheck !== undefined && others.length > 0) throw severalInterfaces(instance);
  instance.disableApiStop = DisableApiStop?.Value ?? instance.disableApiStop;
  instance.disableApiTermination = DisableApiTermination?.Value ?? instance.disableApiTermination;
  first.sourceDestCheck = SourceDestCheck?.Value ?? first.sourceDestCheck;
  if (shutdown !== undefined) setShutdown(instance, shutdown.Value);
  for (const { DeviceName, Ebs } of BlockDeviceMappings ?? []) {
    const { attachment } =
      state.volumesOf(instance.id).find((volume) => volume.attachment?.device === DeviceName) ?? {};
    if (attachment === undefined) throw new AwsError('InvalidInstanceAttributeValue', `No device ${DeviceName}`);
    if (Ebs?.DeleteOnTermination === undefined) throw invalid('Only DeleteOnTermination can be modified.');
    attachment.deleteOnTermination = Ebs.DeleteOnTermination;
  }
  return {};
}

function setShutdown({ options }: InstanceRecord, value: string | undefined): void {
  if (value !== 'stop' && value !== 'terminate')
    throw new AwsError(
      'InvalidInstanceAttributeValue',
      `Invalid value for instanceInitiatedShutdownBehavior: ${value}`,
    );
  options.shutdownBehavior = value;
}

/** Instances that have no credits are refused by id, as the reference says; its error code is assumed. @source EC2 API reference */
function describeCredits(
  state: Ec2State,
  input: DescribeInstanceCreditSpecificationsRequest,
): DescribeInstanceCreditSpecificationsResult {
  const { InstanceIds: ids } = input;
  if (ids === undefined || ids.length === 0)
    throw new NotModelled('DescribeInstanceCreditSpecifications without InstanceIds');
  if (input.MaxResults !== undefined)
    throw new AwsError('InvalidParameterCombination', 'InstanceIds and MaxResults cannot be given together.');
  const asked = select(state.visible(state.instances), ids, unknownInstance, 'instance ID');
  const without = asked.find(({ options }) => options.credits === undefined);
  if (without !== undefined)
    throw new AwsError('InvalidParameterValue', `${without.id} is not a burstable performance instance.`);
  const kept = applyFilters('DescribeInstanceCreditSpecifications', asked, input.Filters, {
    'instance-id': ({ id }) => id,
  });
  return {
    InstanceCreditSpecifications: kept.map(({ id, options }) => ({ InstanceId: id, CpuCredits: options.credits })),
  };
}

/** The error code for an instance without UEFI is assumed. @source aws-facts [3.2] */
function uefiData(state: Ec2State, input: GetInstanceUefiDataRequest): GetInstanceUefiDataResult {
  const instance = found(state.instances, input.InstanceId, unknownInstance, 'instance ID');
  if (instance.uefiData === undefined)
    throw new AwsError('UnsupportedOperation', `The instance '${instance.id}' does not boot by UEFI.`);
  return { InstanceId: instance.id, UefiData: instance.uefiData };
}

export const instanceAttributeOperations = {
  DescribeInstanceAttribute: ec2Operation<DescribeInstanceAttributeRequest, InstanceAttribute>(
    ['InstanceId', 'Attribute'],
    describeAttribute,
  ),
  ModifyInstanceAttribute: ec2Operation<ModifyInstanceAttributeRequest, object>(
    [
      'InstanceId',
      'BlockDeviceMappings',
      'DisableApiStop',
      'DisableApiTermination',
      'SourceDestCheck',
      'InstanceInitiatedShutdownBehavior',
    ],
    modifyAttribute,
  ),
  DescribeInstanceCreditSpecifications: ec2Operation<
    DescribeInstanceCreditSpecificationsRequest,
    DescribeInstanceCreditSpecificationsResult
  >(['InstanceIds', 'Filters', 'MaxResults'], describeCredits),
  GetInstanceUefiData: ec2Operation<GetInstanceUefiDataRequest, GetInstanceUefiDataResult>(['InstanceId'], uefiData),
};

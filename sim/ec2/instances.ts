import type {
  DescribeInstanceAttributeRequest,
  DescribeInstancesRequest,
  DescribeInstancesResult,
  DescribeInstanceStatusRequest,
  DescribeInstanceStatusResult,
  InstanceAttribute,
  InstanceStateChange,
  ModifyInstanceAttributeRequest,
  StartInstancesRequest,
  StopInstancesRequest,
  TerminateInstancesRequest,
} from '@aws-sdk/client-ec2';
import { AwsError, NotModelled } from '../service.ts';
import { statusOf } from './boot.ts';
import { describeInstance, describeState } from './describe-instance.ts';
import { ec2Operation } from './ec2-operation.ts';
import { found, invalid, missing, select } from './errors.ts';
import { applyFilters, type FilterFields } from './filters.ts';
import { start, stop, terminate } from './lifecycle.ts';
import type { InstanceRecord } from './records.ts';
import type { Ec2State } from './state.ts';

const unknownId = 'InvalidInstanceID.NotFound';

const filterFields: FilterFields<InstanceRecord> = {
  'instance-id': ({ id }) => id,
  'instance-state-name': ({ state }) => state,
  'instance-type': ({ instanceType }) => instanceType,
  'image-id': ({ image }) => image.id,
  'subnet-id': ({ subnetId }) => subnetId,
  'availability-zone': ({ zone }) => zone,
  'private-ip-address': ({ privateIp }) => privateIp,
  'ip-address': ({ publicIp }) => publicIp,
};

function describeInstances(state: Ec2State, input: DescribeInstancesRequest): DescribeInstancesResult {
  if (input.InstanceIds !== undefined && input.InstanceIds.length > 0 && input.MaxResults !== undefined)
    throw new AwsError('InvalidParameterCombination', 'InstanceIds and MaxResults cannot be given together.');
  const asked = select(state.visible(state.instances), input.InstanceIds, unknownId, 'instance ID');
  const kept = applyFilters('DescribeInstances', asked, input.Filters, filterFields);
  const { page, ...next } = state.pages.cut(kept, input, [5, 1_000]);
  const reservations = page.map((instance) => ({
    ReservationId: instance.reservationId,
    OwnerId: state.account,
    Groups: [],
    Instances: [describeInstance(state, instance)],
  }));
  return { Reservations: reservations, ...next };
}

/** @source EC2 API reference, DescribeInstanceStatus */
const statusIdsMax = 100;

/** Only running instances are described unless all are asked for. */
function describeStatus(state: Ec2State, input: DescribeInstanceStatusRequest): DescribeInstanceStatusResult {
  if ((input.InstanceIds?.length ?? 0) > statusIdsMax)
    throw new AwsError('InvalidParameterValue', `At most ${statusIdsMax} instance ids may be given.`);
  const asked = select(state.visible(state.instances), input.InstanceIds, unknownId, 'instance ID');
  const visible = asked.filter((instance) => input.IncludeAllInstances === true || instance.state === 'running');
  const kept = applyFilters('DescribeInstanceStatus', visible, input.Filters, filterFields);
  const { page, ...next } = state.pages.cut(kept, input, [5, 1_000]);
  const statuses = page.map((instance) => {
    const status = statusOf(state, instance);
    return {
      InstanceId: instance.id,
      AvailabilityZone: instance.zone,
      InstanceState: describeState(instance.state),
      InstanceStatus: { Status: status },
      SystemStatus: { Status: status === 'impaired' ? ('ok' as const) : status },
    };
  });
  return { InstanceStatuses: statuses, ...next };
}

/** Applies a change to every instance named, or to none when an id is unknown. */
function change(
  state: Ec2State,
  ids: readonly string[] | undefined,
  apply: (state: Ec2State, instance: InstanceRecord) => void,
): InstanceStateChange[] {
  if (ids === undefined || ids.length === 0) throw missing('InstanceId');
  return select(state.instances, ids, unknownId, 'instance ID').map((instance) => {
    const before = describeState(instance.state);
    apply(state, instance);
    return { InstanceId: instance.id, PreviousState: before, CurrentState: describeState(instance.state) };
  });
}

function describeAttribute(state: Ec2State, input: DescribeInstanceAttributeRequest): InstanceAttribute {
  const instance = found(state.instances, input.InstanceId, unknownId, 'instance ID');
  const answers: Readonly<Record<string, InstanceAttribute>> = {
    userData: { UserData: instance.request.UserData === undefined ? {} : { Value: instance.request.UserData } },
    disableApiTermination: { DisableApiTermination: { Value: instance.disableApiTermination } },
    disableApiStop: { DisableApiStop: { Value: instance.disableApiStop } },
    instanceType: { InstanceType: { Value: instance.instanceType } },
    rootDeviceName: { RootDeviceName: { Value: instance.rootDevice } },
    ebsOptimized: { EbsOptimized: { Value: instance.request.EbsOptimized ?? false } },
    sourceDestCheck: { SourceDestCheck: { Value: true } },
    instanceInitiatedShutdownBehavior: { InstanceInitiatedShutdownBehavior: { Value: 'stop' } },
  };
  const answer = answers[input.Attribute ?? ''];
  if (answer === undefined) throw new NotModelled(`instance attribute ${input.Attribute}`);
  return { InstanceId: instance.id, ...answer };
}

/** One attribute a call. @source aws-facts [3.6] */
function modifyAttribute(state: Ec2State, input: ModifyInstanceAttributeRequest): object {
  const instance = found(state.instances, input.InstanceId, unknownId, 'instance ID');
  const attributes = [input.BlockDeviceMappings, input.DisableApiStop, input.DisableApiTermination];
  const given = attributes.filter((attribute) => attribute !== undefined);
  if (given.length !== 1) throw new AwsError('InvalidParameterCombination', 'Specify exactly one attribute.');
  instance.disableApiStop = input.DisableApiStop?.Value ?? instance.disableApiStop;
  instance.disableApiTermination = input.DisableApiTermination?.Value ?? instance.disableApiTermination;
  for (const { DeviceName, Ebs } of input.BlockDeviceMappings ?? []) {
    const { attachment } =
      state.volumesOf(instance.id).find((volume) => volume.attachment?.device === DeviceName) ?? {};
    if (attachment === undefined) throw new AwsError('InvalidInstanceAttributeValue', `No device ${DeviceName}`);
    if (Ebs?.DeleteOnTermination === undefined) throw invalid('Only DeleteOnTermination can be modified.');
    attachment.deleteOnTermination = Ebs.DeleteOnTermination;
  }
  return {};
}

export const instanceOperations = {
  DescribeInstances: ec2Operation<DescribeInstancesRequest, DescribeInstancesResult>(
    ['InstanceIds', 'Filters', 'MaxResults', 'NextToken'],
    describeInstances,
  ),
  DescribeInstanceStatus: ec2Operation<DescribeInstanceStatusRequest, DescribeInstanceStatusResult>(
    ['InstanceIds', 'IncludeAllInstances', 'Filters', 'MaxResults', 'NextToken'],
    describeStatus,
  ),
  DescribeInstanceAttribute: ec2Operation<DescribeInstanceAttributeRequest, InstanceAttribute>(
    ['InstanceId', 'Attribute'],
    describeAttribute,
  ),
  ModifyInstanceAttribute: ec2Operation<ModifyInstanceAttributeRequest, object>(
    ['InstanceId', 'BlockDeviceMappings', 'DisableApiStop', 'DisableApiTermination'],
    modifyAttribute,
  ),
  StartInstances: ec2Operation<StartInstancesRequest, { StartingInstances: InstanceStateChange[] }>(
    ['InstanceIds'],
    (state, { InstanceIds }) => ({ StartingInstances: change(state, InstanceIds, start) }),
  ),
  StopInstances: ec2Operation<StopInstancesRequest, { StoppingInstances: InstanceStateChange[] }>(
    ['InstanceIds', 'Force'],
    (state, { InstanceIds }) => ({ StoppingInstances: change(state, InstanceIds, stop) }),
  ),
  TerminateInstances: ec2Operation<TerminateInstancesRequest, { TerminatingInstances: InstanceStateChange[] }>(
    ['InstanceIds'],
    (state, { InstanceIds }) => ({ TerminatingInstances: change(state, InstanceIds, terminate) }),
  ),
};

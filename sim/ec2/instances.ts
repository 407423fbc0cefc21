import type {
  DescribeInstancesRequest,
  DescribeInstancesResult,
  DescribeInstanceStatusRequest,
  DescribeInstanceStatusResult,
  InstanceStateChange,
  StartInstancesRequest,
  StopInstancesRequest,
  TerminateInstancesRequest,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../service.ts';
import { statusOf } from './boot.ts';
import { describeInstance, describeState } from './describe-instance.ts';
import { ec2Operation } from './ec2-operation.ts';
import { missing, select } from './errors.ts';
import { applyFilters, type FilterFields } from './filters.ts';
import { refuseProtected, start, stop, terminate, unknownInstance } from './lifecycle.ts';
import type { InstanceRecord } from './records.ts';
import type { Ec2State } from './state.ts';

const filterFields: FilterFields<InstanceRecord> = {
  'instance-id': ({ id }) => id,
  'instance-state-name': ({ state }) => state,
  'instance-type': ({ instanceType }) => instanceType,
  'image-id': ({ image }) => image.id,
  'subnet-id': ({ interfaces: [{ subnetId }] }) => subnetId,
  'availability-zone': ({ zone }) => zone,
  'private-ip-address': ({ interfaces: [{ privateIp }] }) => privateIp,
  'ip-address': ({ interfaces: [{ publicIp }] }) => publicIp,
};

function describeInstances(state: Ec2State, input: DescribeInstancesRequest): DescribeInstancesResult {
  if (input.InstanceIds !== undefined && input.InstanceIds.length > 0 && input.MaxResults !== undefined)
    throw new AwsError('InvalidParameterCombination', 'InstanceIds and MaxResults cannot be given together.');
  const asked = select(state.visible(state.instances), input.InstanceIds, unknownInstance, 'instance ID');
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
  const asked = select(state.visible(state.instances), input.InstanceIds, unknownInstance, 'instance ID');
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

/** Applies a change to every instance named, or to none when an id is unknown or an instance protected. */
function change(
  state: Ec2State,
  ids: readonly string[] | undefined,
  apply: (state: Ec2State, instance: InstanceRecord) => void,
): InstanceStateChange[] {
  if (ids === undefined || ids.length === 0) throw missing('InstanceId');
  const instances = select(state.instances, ids, unknownInstance, 'instance ID');
  for (const instance of instances) refuseProtected(instance, apply);
  return instances.map((instance) => {
    const before = describeState(instance.state);
    apply(state, instance);
    return { InstanceId: instance.id, PreviousState: before, CurrentState: describeState(instance.state) };
  });
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

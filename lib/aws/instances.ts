import {
  AssociateAddressCommand,
  type EC2Client,
  type Filter,
  type Instance,
  type InstanceNetworkInterface,
  type _InstanceType,
  paginateDescribeInstances,
  type DescribeInstanceTypeOfferingsCommandInput,
  paginateDescribeInstanceTypeOfferings,
  paginateDescribeInstanceTypes,
  paginateDescribeInstanceStatus,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { isDrill } from '../domain/drill.ts';
import type { Origin } from '../domain/eligibility.ts';
import { AwsFailure, awsCall, type Patience } from './call.ts';
import { inFilters } from './filters.ts';
import { isOfDrill, type Maker, planFilters, stepFilters, tagFilters, tagValue } from './tags.ts';

export interface AttachedVolume {
  readonly device: string;
  readonly volumeId: string;
  readonly status: string;
  readonly deleteOnTermination: boolean;
}

/** A network interface of an instance; the list is in no order. */
export interface AttachedInterface {
  readonly id: string;
  readonly deviceIndex: number;
  readonly isSourceDestChecked: boolean;
  /** Ids of its security groups, in no order. */
  readonly groups: readonly string[];
}

/** An instance as the steps see it; `raw` is the SDK's own shape for capturing. */
export interface InstanceFacts {
  readonly id: string;
  readonly state: string;
  readonly stateReason: string;
  readonly zone: string;
  /** Both of the interface with device index 0, whatever other interfaces have. */
  readonly privateAddress: string | undefined;
  readonly publicAddress: string | undefined;
  readonly interfaces: readonly AttachedInterface[];
  readonly volumes: readonly AttachedVolume[];
  readonly raw: Instance;
}

/** Those of the instances that AWS knows: one that was launched a moment ago, or ended an hour ago, is missing. */
export async function describeInstances(
  ec2: EC2Client,
  ids: readonly string[],
  patience?: Patience,
): Promise<InstanceFacts[]> {
  const found: InstanceFacts[] = [];
  for (const some of inFilters(ids))
    found.push(...(await listInstances(ec2, [{ Name: 'instance-id', Values: some }], patience)));
  return found;
}

/** Instances that a step or operation launched before and that are not terminated. */
export async function findInstances(ec2: EC2Client, owner: Maker): Promise<InstanceFacts[]> {
  return (await listInstances(ec2, stepFilters(owner))).filter(({ state }) => state !== 'terminated');
}

/** Instances that carry all of these tags, those that are terminated or about to be left out. */
export async function findTaggedInstances(
  ec2: EC2Client,
  tags: Readonly<Record<string, string>>,
): Promise<InstanceFacts[]> {
  const found = await listInstances(ec2, tagFilters(tags));
  return found.filter((instance) => !isEnding(instance));
}

/** AWS tells of an instance that was terminated for an hour more, and not all that it was. */
export function isEnding({ state }: InstanceFacts): boolean {
  return state === 'terminated' || state === 'shutting-down';
}

export interface LaunchedServer {
  readonly instance: string;
  /** The failover that launched it. */
  readonly operation: string;
  readonly isRunning: boolean;
}

/** Servers that failovers of a plan launched in this Region, those that were terminated left out. */
export async function findServersOfPlan(ec2: EC2Client, plan: string): Promise<LaunchedServer[]> {
  const found = await listInstances(ec2, planFilters(plan));
  return found
    .filter(({ state, raw }) => state !== 'terminated' && tagValue(raw.Tags, 'purpose') === 'recovered-server')
    .filter(({ raw }) => !isDrill(tagValue(raw.Tags, 'operation') ?? ''))
    .map(({ id, state, raw }) => ({
      instance: id,
      operation: tagValue(raw.Tags, 'operation') ?? '(no operation)',
      isRunning: state === 'running' || state === 'pending',
    }));
}

function listInstances(ec2: EC2Client, filters: Filter[], patience?: Patience): Promise<InstanceFacts[]> {
  return keepOfInstances(ec2, filters, (instance) => [factsOf(instance)], patience);
}

/** Of each page no more is kept than is wanted: of an account's instances there may be tens of thousands. */
async function keepOfInstances<Kept>(
  ec2: EC2Client,
  filters: Filter[],
  keep: (instance: Instance) => readonly Kept[],
  patience: Patience = {},
): Promise<Kept[]> {
  return awsCall('describe instances', async () => {
    const found: Kept[] = [];
    const pages = paginateDescribeInstances({ client: ec2, pageSize: 1_000 }, { Filters: filters }, patience);
    for await (const { Reservations = [] } of pages)
      found.push(...Reservations.flatMap(({ Instances = [] }) => Instances.flatMap(keep)));
    return found;
  });
}

function factsOf(instance: Instance): InstanceFacts {
  const first = firstInterface(instance);
  return {
    id: instance.InstanceId ?? '',
    state: instance.State?.Name ?? 'unknown',
    stateReason: instance.StateReason?.Message ?? '',
    zone: instance.Placement?.AvailabilityZone ?? '',
    privateAddress: first === undefined ? instance.PrivateIpAddress : first.PrivateIpAddress,
    publicAddress: first === undefined ? instance.PublicIpAddress : first.Association?.PublicIp,
    interfaces: (instance.NetworkInterfaces ?? []).map(
      ({ NetworkInterfaceId, Attachment, SourceDestCheck, Groups }) => ({
        id: NetworkInterfaceId ?? '',
        deviceIndex: Attachment?.DeviceIndex ?? 0,
        isSourceDestChecked: SourceDestCheck ?? true,
        groups: (Groups ?? []).map(({ GroupId }) => GroupId ?? ''),
      }),
    ),
    volumes: (instance.BlockDeviceMappings ?? []).map(({ DeviceName, Ebs }) => ({
      device: DeviceName ?? '',
      volumeId: Ebs?.VolumeId ?? '',
      status: Ebs?.Status ?? '',
      deleteOnTermination: Ebs?.DeleteOnTermination ?? false,
    })),
    raw: instance,
  };
}

/** AWS says of the addresses of an instance itself nothing more than that it has them. @source EC2 API reference, Instance */
function firstInterface({ NetworkInterfaces = [] }: Instance): InstanceNetworkInterface | undefined {
  return NetworkInterfaces.find(({ Attachment }) => Attachment?.DeviceIndex === 0);
}

/** Types that one request takes. @source EC2 API reference, DescribeInstanceTypes */
const typesMax = 100;

/** Those of the types that come with instance store. */
export async function typesWithLocalDisks(ec2: EC2Client, types: readonly string[]): Promise<Set<string>> {
  return awsCall('describe instance types', async () => {
    const found = new Set<string>();
    for (let start = 0; start < types.length; start += typesMax) {
      const input = { InstanceTypes: types.slice(start, start + typesMax) as _InstanceType[] };
      for await (const { InstanceTypes = [] } of paginateDescribeInstanceTypes({ client: ec2 }, input))
        for (const { InstanceType: type, InstanceStorageSupported: has } of InstanceTypes)
          if (has === true && type !== undefined) found.add(type);
    }
    return found;
  });
}

/** vCPUs of each of the types that the Region has. */
export async function vcpusOf(
  ec2: EC2Client,
  types: readonly string[],
  patience: Patience,
): Promise<ReadonlyMap<string, number>> {
  return awsCall('describe instance types', async () => {
    const found = new Map<string, number>();
    for (let start = 0; start < types.length; start += typesMax) {
      // Names in a list would all be refused for one that the Region does not know.
      const input = { Filters: [{ Name: 'instance-type', Values: types.slice(start, start + typesMax) }] };
      for await (const { InstanceTypes = [] } of paginateDescribeInstanceTypes({ client: ec2 }, input, patience))
        for (const { InstanceType: type, VCpuInfo } of InstanceTypes)
          if (type !== undefined) found.set(type, VCpuInfo?.DefaultVCpus ?? 0);
    }
    return found;
  });
}

/**
 * The type of each instance of the Region that counts against the quotas of those that run, whoever launched it, but for a drill of the plan.
 * @source aws-facts [7.4]
 */
export async function onDemandTypes(ec2: EC2Client, plan: string, patience: Patience): Promise<string[]> {
  const states = ['pending', 'running', 'stopping', 'shutting-down'];
  const isCounted = ({ InstanceLifecycle, Placement, Tags }: Instance) =>
    InstanceLifecycle !== 'spot' && Placement?.Tenancy !== 'host' && !isOfDrill(Tags, plan);
  return keepOfInstances(
    ec2,
    [{ Name: 'instance-state-name', Values: states }],
    (instance) => (isCounted(instance) ? [instance.InstanceType ?? ''] : []),
    patience,
  );
}

/** Zones that have an instance type, by type; it says offered, not that there is room. @source aws-facts [3.4] */
export async function zonesOffering(
  ec2: EC2Client,
  types: readonly string[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const zones = new Map<string, Set<string>>(types.map((type) => [type, new Set()]));
  // An empty filter would be refused.
  if (types.length === 0) return zones;
  const input: DescribeInstanceTypeOfferingsCommandInput = {
    LocationType: 'availability-zone',
    Filters: [{ Name: 'instance-type', Values: [...types] }],
  };
  await awsCall('describe instance type offerings', async () => {
    for await (const { InstanceTypeOfferings = [] } of paginateDescribeInstanceTypeOfferings({ client: ec2 }, input))
      for (const { InstanceType = '', Location = '' } of InstanceTypeOfferings) zones.get(InstanceType)?.add(Location);
  });
  return zones;
}

/** @param withDisks types that come with instance store. @source aws-facts [3.7] */
export function originOf({ state, raw }: InstanceFacts, withDisks: ReadonlySet<string>): Origin {
  return {
    state,
    lifecycle: raw.InstanceLifecycle ?? null,
    autoScalingGroup: tagOf(raw, 'aws:autoscaling:groupName'),
    rootDeviceType: raw.RootDeviceType ?? 'ebs',
    isHibernationOn: raw.HibernationOptions?.Configured ?? false,
    usageOperation: raw.UsageOperation ?? 'RunInstances',
    platform: raw.PlatformDetails ?? 'Linux/UNIX',
    productCodes: (raw.ProductCodes ?? []).map(({ ProductCodeId }) => ProductCodeId ?? ''),
    instanceType: raw.InstanceType ?? '',
    hasLocalDisks: withDisks.has(raw.InstanceType ?? ''),
    virtualization: raw.VirtualizationType ?? 'hvm',
    tenancy: raw.Placement?.Tenancy ?? 'default',
    interfaces: (raw.NetworkInterfaces ?? []).map(({ InterfaceType = 'interface', Attachment }) => ({
      deviceIndex: Attachment?.DeviceIndex ?? 0,
      type: InterfaceType,
      networkCard: Attachment?.NetworkCardIndex ?? 0,
    })),
    secondaryInterfaces: raw.SecondaryInterfaces?.length ?? 0,
    losesPublicAddress:
      (raw.NetworkInterfaces?.length ?? 0) > 1 && firstInterface(raw)?.Association?.IpOwnerId === 'amazon',
  };
}

function tagOf({ Tags = [] }: Instance, key: string): string | null {
  return Tags.find(({ Key }) => Key === key)?.Value ?? null;
}

/** Ids that one request takes. @source EC2 API reference, DescribeInstanceStatus */
const statusIdsMax = 100;

/** Ids of those instances whose system and instance status checks are both ok. */
export async function healthyInstances(ec2: EC2Client, ids: readonly string[]): Promise<Set<string>> {
  return awsCall(`read the status of ${ids.join(', ')}`, async () => {
    const healthy = new Set<string>();
    for (let start = 0; start < ids.length; start += statusIdsMax) {
      const input = { InstanceIds: ids.slice(start, start + statusIdsMax), IncludeAllInstances: true };
      for await (const page of paginateDescribeInstanceStatus({ client: ec2 }, input)) {
        for (const status of page.InstanceStatuses ?? []) {
          const isOk = status.InstanceStatus?.Status === 'ok' && status.SystemStatus?.Status === 'ok';
          if (isOk && status.InstanceId !== undefined) healthy.add(status.InstanceId);
        }
      }
    }
    return healthy;
  });
}

export async function stopInstances(ec2: EC2Client, ids: readonly string[]): Promise<void> {
  if (ids.length > 0)
    await awsCall(`stop ${ids.join(', ')}`, () => ec2.send(new StopInstancesCommand({ InstanceIds: [...ids] })));
}

export async function startInstances(ec2: EC2Client, ids: readonly string[]): Promise<void> {
  if (ids.length > 0)
    await awsCall(`start ${ids.join(', ')}`, () => ec2.send(new StartInstancesCommand({ InstanceIds: [...ids] })));
}

/** Terminates; instances that are gone already are fine. */
export async function terminateInstances(ec2: EC2Client, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  try {
    await awsCall(`terminate ${ids.join(', ')}`, () =>
      ec2.send(new TerminateInstancesCommand({ InstanceIds: [...ids] })),
    );
  } catch (error) {
    if (!(error instanceof AwsFailure && error.awsName === 'InvalidInstanceID.NotFound')) throw error;
  }
}

/**
 * Moves a prepared Elastic IP to an instance; idempotent by nature. One with several interfaces must be told which: the one with device
 * index 0. @source EC2 API reference, AssociateAddress
 */
export async function associateAddress(
  ec2: EC2Client,
  allocation: string,
  { id, interfaces }: InstanceFacts,
): Promise<void> {
  const first = interfaces.find(({ deviceIndex }) => deviceIndex === 0);
  const to = first === undefined || interfaces.length === 1 ? { InstanceId: id } : { NetworkInterfaceId: first.id };
  await awsCall(`associate ${allocation} with ${id}`, () =>
    ec2.send(new AssociateAddressCommand({ AllocationId: allocation, ...to, AllowReassociation: true })),
  );
}

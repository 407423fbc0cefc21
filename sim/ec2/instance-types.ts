import type {
  DescribeInstanceTypeOfferingsRequest,
  DescribeInstanceTypeOfferingsResult,
  DescribeInstanceTypesRequest,
  DescribeInstanceTypesResult,
  Filter,
  _InstanceType,
} from '@aws-sdk/client-ec2';
import { AwsError, NotModelled } from '../service.ts';
import { processorOf } from './boot.ts';
import { ec2Operation } from './ec2-operation.ts';
import type { Ec2State } from './state.ts';

/**
 * Whether a type comes with instance store: families of storage (i, d, h) and accelerated training (trn, dl), and those with a `d` after
 * the generation. @source EC2 instance types guide, naming conventions
 */
function hasInstanceStore(type: string): boolean {
  const [, family = '', options = ''] = /^([a-z]+)[\d]+([a-z-]*)\./.exec(type) ?? [];
  return ['i', 'im', 'is', 'd', 'h', 'trn', 'dl'].includes(family) || options.includes('d');
}

/** Types that earn credits for processor time. @source EC2 guide, burstable performance instances */
export function isBurstable(type: string): boolean {
  return /^t[2-4]/.test(type);
}

interface Processors {
  readonly architecture: 'arm64' | 'x86_64';
  readonly cores: number;
  readonly threadsPerCore: number;
}

/**
 * By the type's name: `large` and what is smaller have two vCPU, but `medium` and smaller of Graviton and T2 one. Graviton, T2 and
 * AMD from its seventh generation on have one thread per core. @source EC2 instance types guide, CPU options
 */
export function processorsOf(type: string): Processors {
  const architecture = processorOf(type);
  const [family = '', size = ''] = type.split('.');
  const times = /^(\d*)xlarge$/.exec(size)?.[1];
  const isSingle = size === 'medium' ? architecture === 'arm64' && family !== 't4g' : family === 't2';
  const small = size !== 'large' && isSingle ? 1 : 2;
  const vcpus = times === undefined ? small : 4 * Number(times === '' ? 1 : times);
  const isSingleThreaded = architecture === 'arm64' || family === 't2' || /^[a-z]+[7-9]a/.test(family);
  const threadsPerCore = isSingleThreaded || vcpus === 1 ? 1 : 2;
  return { architecture, cores: vcpus / threadsPerCore, threadsPerCore };
}

/** @source EC2 API reference, DescribeInstanceTypes */
const typesMax = 100;

/** By name, as far as there are wildcards none. */
function filteredTypes(filters: readonly Filter[] = []): string[] {
  const [first, ...others] = filters;
  const values = first?.Values ?? [];
  if (first?.Name !== 'instance-type' || others.length > 0 || values.some((value) => /[*?]/.test(value)))
    throw new NotModelled('DescribeInstanceTypes by other filters than names of types');
  return values;
}

/** A Region without zones has not said otherwise of any type. */
function isOfferedInRegion(state: Ec2State, type: string): boolean {
  const zones = zonesOf(state);
  return zones.size === 0 || [...zones].some((zone) => isOfferedIn(state, zone, type));
}

function isOfferedIn({ unoffered }: Ec2State, zone: string, type: string): boolean {
  return !unoffered.has(`${zone}/${type}`);
}

function zonesOf({ subnets }: Ec2State): ReadonlySet<string> {
  return new Set([...subnets.values()].map(({ zone }) => zone));
}

/** What the Region offers in no zone it does not describe: refused where it is named, left out by a filter. @source EC2 API reference, DescribeInstanceTypes */
function describeTypes(state: Ec2State, input: DescribeInstanceTypesRequest): DescribeInstanceTypesResult {
  const asked = input.InstanceTypes ?? filteredTypes(input.Filters);
  if (asked.length === 0) throw new NotModelled('DescribeInstanceTypes without InstanceTypes');
  if (asked.length > typesMax)
    throw new AwsError('InvalidParameterValue', `At most ${typesMax} instance types may be given.`);
  const offered = asked.filter((type) => isOfferedInRegion(state, type));
  if (input.InstanceTypes !== undefined && offered.length < asked.length)
    throw new AwsError(
      'InvalidInstanceType',
      `The following supplied instance types do not exist: [${asked.filter((type) => !offered.includes(type)).join(', ')}]`,
    );
  const { page, ...next } = state.pages.cut(offered, input, [5, 100]);
  const types = page.map((type) => {
    const { architecture, cores, threadsPerCore } = processorsOf(type);
    return {
      InstanceType: type as _InstanceType,
      InstanceStorageSupported: hasInstanceStore(type),
      BurstablePerformanceSupported: isBurstable(type),
      ProcessorInfo: { SupportedArchitectures: [architecture] },
      VCpuInfo: { DefaultVCpus: cores * threadsPerCore, DefaultCores: cores, DefaultThreadsPerCore: threadsPerCore },
    };
  });
  return { InstanceTypes: types, ...next };
}

/** Every type is offered in every zone that has a subnet, unless the world says otherwise; offered does not mean that there is capacity. @source aws-facts [3.4] */
function describeOfferings(
  state: Ec2State,
  input: DescribeInstanceTypeOfferingsRequest,
): DescribeInstanceTypeOfferingsResult {
  const zones = zonesOf(state);
  const isZonal = input.LocationType === 'availability-zone';
  if (!isZonal && input.LocationType !== undefined && input.LocationType !== 'region')
    throw new NotModelled(`LocationType ${input.LocationType}`);
  const valuesOf = (name: string) => input.Filters?.find(({ Name }) => Name === name)?.Values;
  const unknown = input.Filters?.find(({ Name }) => Name !== 'instance-type' && Name !== 'location');
  if (unknown !== undefined) throw new NotModelled(`filter ${unknown.Name} of DescribeInstanceTypeOfferings`);
  const types = valuesOf('instance-type');
  if (types === undefined) throw new NotModelled('DescribeInstanceTypeOfferings without the filter instance-type');
  const locations = [...(isZonal ? zones : [state.region])].filter(
    (location) => valuesOf('location')?.includes(location) ?? true,
  );
  const isOffered = (type: string, location: string) =>
    (isZonal ? [location] : [...zones]).some((zone) => isOfferedIn(state, zone, type));
  const offerings = locations.flatMap((Location) =>
    types
      .filter((type) => isOffered(type, Location))
      .map((type) => ({
        InstanceType: type as _InstanceType,
        LocationType: input.LocationType ?? ('region' as const),
        Location,
      })),
  );
  return { InstanceTypeOfferings: offerings };
}

export const instanceTypeOperations = {
  DescribeInstanceTypes: ec2Operation<DescribeInstanceTypesRequest, DescribeInstanceTypesResult>(
    ['InstanceTypes', 'Filters', 'MaxResults', 'NextToken'],
    describeTypes,
  ),
  DescribeInstanceTypeOfferings: ec2Operation<
    DescribeInstanceTypeOfferingsRequest,
    DescribeInstanceTypeOfferingsResult
  >(['LocationType', 'Filters'], describeOfferings),
};

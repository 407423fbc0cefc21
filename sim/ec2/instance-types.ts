import type {
  DescribeInstanceTypeOfferingsRequest,
  DescribeInstanceTypeOfferingsResult,
  DescribeInstanceTypesRequest,
  DescribeInstanceTypesResult,
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

/** @source EC2 API reference, DescribeInstanceTypes */
const typesMax = 100;

function describeTypes(state: Ec2State, input: DescribeInstanceTypesRequest): DescribeInstanceTypesResult {
  if (input.InstanceTypes === undefined || input.InstanceTypes.length === 0)
    throw new NotModelled('DescribeInstanceTypes without InstanceTypes');
  if (input.InstanceTypes.length > typesMax)
    throw new AwsError('InvalidParameterValue', `At most ${typesMax} instance types may be given.`);
  const { page, ...next } = state.pages.cut(input.InstanceTypes, input, [5, 100]);
  const types = page.map((type) => ({
    InstanceType: type,
    InstanceStorageSupported: hasInstanceStore(type),
    ProcessorInfo: { SupportedArchitectures: [processorOf(type)] },
  }));
  return { InstanceTypes: types, ...next };
}

/** Every type is offered in every zone that has a subnet; offered does not mean that there is capacity. @source aws-facts [3.4] */
function describeOfferings(
  state: Ec2State,
  input: DescribeInstanceTypeOfferingsRequest,
): DescribeInstanceTypeOfferingsResult {
  const zones = new Set([...state.subnets.values()].map(({ zone }) => zone));
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
  const offerings = locations.flatMap((Location) =>
    types.map((type) => ({
      InstanceType: type as _InstanceType,
      LocationType: input.LocationType ?? ('region' as const),
      Location,
    })),
  );
  return { InstanceTypeOfferings: offerings };
}

export const instanceTypeOperations = {
  DescribeInstanceTypes: ec2Operation<DescribeInstanceTypesRequest, DescribeInstanceTypesResult>(
    ['InstanceTypes', 'MaxResults', 'NextToken'],
    describeTypes,
  ),
  DescribeInstanceTypeOfferings: ec2Operation<
    DescribeInstanceTypeOfferingsRequest,
    DescribeInstanceTypeOfferingsResult
  >(['LocationType', 'Filters'], describeOfferings),
};

import type {
  CpuOptions,
  Instance,
  InstanceMetadataOptionsResponse,
  PrivateDnsNameOptionsResponse,
  RunInstancesRequest,
} from '@aws-sdk/client-ec2';
import { AwsError, NotModelled } from '../service.ts';
import { missing, invalid, refuseOthers } from './errors.ts';
import { isBurstable, processorsOf } from './instance-types.ts';
import type { InstanceOptions } from './records.ts';

/** Members of RunInstances that these options come from. */
export const optionMembers = [
  'MetadataOptions',
  'CpuOptions',
  'CreditSpecification',
  'Monitoring',
  'MaintenanceOptions',
  'PrivateDnsNameOptions',
  'EnclaveOptions',
  'Placement',
  'NetworkPerformanceOptions',
  'InstanceInitiatedShutdownBehavior',
] as const satisfies readonly (keyof RunInstancesRequest)[];

export type OptionsRequest = Pick<RunInstancesRequest, (typeof optionMembers)[number]>;

/** @throws AwsError for what AWS refuses of an instance of this type. @source aws-facts [3.3] */
export function optionsOf(input: OptionsRequest, type: string, imdsSupport: string | undefined): InstanceOptions {
  refuseOthers('Placement', input.Placement, ['Tenancy']);
  refuseOthers('MaintenanceOptions', input.MaintenanceOptions, ['AutoRecovery']);
  if (input.Monitoring !== undefined && input.Monitoring.Enabled === undefined) throw missing('Monitoring.Enabled');
  return {
    metadata: metadataOf(input.MetadataOptions, imdsSupport),
    cpu: cpuOf(input.CpuOptions, type),
    credits: creditsOf(input.CreditSpecification, type),
    isMonitored: input.Monitoring?.Enabled ?? false,
    autoRecovery: oneOf('AutoRecovery', input.MaintenanceOptions?.AutoRecovery, ['default', 'disabled']),
    hostname: hostnameOf(input.PrivateDnsNameOptions),
    hasEnclaves: enclavesOf(input.EnclaveOptions, type),
    tenancy: tenancyOf(input.Placement),
    bandwidth: oneOf('BandwidthWeighting', input.NetworkPerformanceOptions?.BandwidthWeighting, [
      'default',
      'vpc-1',
      'ebs-1',
    ]),
    shutdownBehavior: oneOf('InstanceInitiatedShutdownBehavior', input.InstanceInitiatedShutdownBehavior, [
      'stop',
      'terminate',
    ]),
  };
}

/** The value, or the first one when none is given. */
function oneOf<const Value extends string>(
  name: string,
  given: string | undefined,
  values: readonly [Value, ...Value[]],
): Value {
  const value = values.find((each) => each === (given ?? values[0]));
  if (value === undefined) throw invalid(`Value (${given}) for parameter ${name} is invalid.`);
  return value;
}

const onOrOff = ['disabled', 'enabled'] as const;
const hopsMax = 64;

/**
 * An image with IMDS support makes tokens required and gives them two hops. @source EC2 API reference, RegisterImage. With the endpoint
 * off nothing else may be asked for. @source assumed, as Terraform's provider for AWS leaves the others out
 */
function metadataOf(
  given: RunInstancesRequest['MetadataOptions'],
  imdsSupport: string | undefined,
): InstanceMetadataOptionsResponse {
  refuseOthers('MetadataOptions', given, [
    'HttpTokens',
    'HttpPutResponseHopLimit',
    'HttpEndpoint',
    'HttpProtocolIpv6',
    'InstanceMetadataTags',
  ]);
  const { HttpEndpoint, ...others } = given ?? {};
  const isOff = oneOf('HttpEndpoint', HttpEndpoint, ['enabled', 'disabled']) === 'disabled';
  if (isOff && Object.values(others).some((value) => value !== undefined))
    throw new AwsError('InvalidParameterCombination', 'The metadata endpoint is disabled: no other option may be set.');
  const isV2 = imdsSupport !== undefined;
  const hops = others.HttpPutResponseHopLimit ?? (isV2 ? 2 : 1);
  if (!Number.isInteger(hops) || hops < 1 || hops > hopsMax)
    throw invalid(`HttpPutResponseHopLimit ${hops} is not within 1 and ${hopsMax}`);
  return {
    State: 'applied',
    HttpTokens: oneOf('HttpTokens', others.HttpTokens ?? (isV2 ? 'required' : undefined), ['optional', 'required']),
    HttpPutResponseHopLimit: hops,
    HttpEndpoint: isOff ? 'disabled' : 'enabled',
    HttpProtocolIpv6: oneOf('HttpProtocolIpv6', others.HttpProtocolIpv6, onOrOff),
    InstanceMetadataTags: oneOf('InstanceMetadataTags', others.InstanceMetadataTags, onOrOff),
  };
}

/** Families that take each option. @source EC2 API reference, CpuOptionsRequest */
const sevFamilies = /^[mrc]6a\./;
const nestedFamilies = /^[cmr]8i(-flex)?\./;

/** T2 types and bare metal take none; cores and threads are given together. @source EC2 guide, CPU options */
function cpuOf(given: RunInstancesRequest['CpuOptions'], type: string): CpuOptions {
  const { cores, threadsPerCore } = processorsOf(type);
  if (given === undefined) return { CoreCount: cores, ThreadsPerCore: threadsPerCore };
  if (/^t2\.|\.metal/.test(type))
    throw new AwsError('InvalidParameterCombination', `Instance type ${type} does not support specifying CpuOptions.`);
  const { CoreCount, ThreadsPerCore, AmdSevSnp, NestedVirtualization } = given;
  if ((CoreCount === undefined) !== (ThreadsPerCore === undefined)) throw missing('CoreCount/ThreadsPerCore');
  if (CoreCount !== undefined && (CoreCount < 1 || CoreCount > cores))
    throw invalid(`CoreCount ${CoreCount} is not valid for ${type}.`);
  if (ThreadsPerCore !== undefined && (ThreadsPerCore < 1 || ThreadsPerCore > threadsPerCore))
    throw invalid(`ThreadsPerCore ${ThreadsPerCore} is not valid for ${type}.`);
  if (AmdSevSnp === 'enabled' && !sevFamilies.test(type))
    throw new AwsError('InvalidParameterCombination', `Instance type ${type} does not support AMD SEV-SNP.`);
  if (NestedVirtualization === 'enabled' && !nestedFamilies.test(type))
    throw new AwsError('InvalidParameterCombination', `Instance type ${type} does not support nested virtualization.`);
  return {
    CoreCount: CoreCount ?? cores,
    ThreadsPerCore: ThreadsPerCore ?? threadsPerCore,
    ...(AmdSevSnp === undefined ? {} : { AmdSevSnp }),
    ...(NestedVirtualization === undefined ? {} : { NestedVirtualization }),
  };
}

/** @source EC2 API reference, RunInstances; the error hashicorp/terraform-provider-aws issue 5067 */
function creditsOf(given: RunInstancesRequest['CreditSpecification'], type: string): string | undefined {
  if (given === undefined) {
    if (!isBurstable(type)) return undefined;
    return type.startsWith('t2.') ? 'standard' : 'unlimited';
  }
  if (!isBurstable(type))
    throw new AwsError(
      'InstanceCreditSpecification.NotSupported',
      `The ${type} instance type does not support T2 Unlimited.`,
    );
  if (given.CpuCredits === undefined) throw missing('CreditSpecification.CpuCredits');
  return oneOf('CpuCredits', given.CpuCredits, ['standard', 'unlimited']);
}

/** Subnets here have no IPv6, for which nothing answers a AAAA query. @source assumed */
function hostnameOf(given: RunInstancesRequest['PrivateDnsNameOptions']): PrivateDnsNameOptionsResponse {
  if (given?.EnableResourceNameDnsAAAARecord === true)
    throw new AwsError('InvalidParameterCombination', 'AAAA records need a subnet with IPv6 addresses.');
  return {
    HostnameType: oneOf('HostnameType', given?.HostnameType, ['ip-name', 'resource-name']),
    EnableResourceNameDnsARecord: given?.EnableResourceNameDnsARecord ?? false,
    EnableResourceNameDnsAAAARecord: false,
  };
}

/** Four vCPU at least, two of Graviton; not of burstable types. @source Nitro Enclaves guide, requirements */
function enclavesOf(given: RunInstancesRequest['EnclaveOptions'], type: string): boolean {
  if (given?.Enabled !== true) return false;
  const { cores, threadsPerCore, architecture } = processorsOf(type);
  const vcpus = cores * threadsPerCore;
  if (isBurstable(type) || type.startsWith('a1.') || vcpus < (architecture === 'arm64' ? 2 : 4))
    throw new AwsError('UnsupportedOperation', `Nitro Enclaves are not supported by instance type ${type}.`);
  return true;
}

function tenancyOf(given: RunInstancesRequest['Placement']): 'default' | 'dedicated' {
  if (given?.Tenancy === 'host') throw new NotModelled('Placement.Tenancy host');
  return oneOf('Tenancy', given?.Tenancy, ['default', 'dedicated']);
}

/** As DescribeInstances tells of them; credits and shutdown behaviour are asked for elsewhere. @source aws-facts [3.7] */
export function describeOptions(options: InstanceOptions): Partial<Instance> {
  return {
    MetadataOptions: { ...options.metadata },
    CpuOptions: { ...options.cpu },
    Monitoring: { State: options.isMonitored ? 'enabled' : 'disabled' },
    MaintenanceOptions: { AutoRecovery: options.autoRecovery, RebootMigration: 'default' },
    PrivateDnsNameOptions: { ...options.hostname },
    EnclaveOptions: { Enabled: options.hasEnclaves },
    NetworkPerformanceOptions: { BandwidthWeighting: options.bandwidth },
  };
}

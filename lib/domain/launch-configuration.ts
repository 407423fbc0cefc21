import * as z from 'zod';
import { instanceId } from './ids.ts';

/** Base64 of a UEFI variable store, as much as an image takes. @source aws-facts [3.2] */
export const uefiDataCharactersMax = 64_000;

const text = z.string();

/** A network interface as captured. Each is launched anew in its mapped subnet; addresses are not kept. */
const networkInterfaceSchema = z
  .object({
    deviceIndex: z.int().nonnegative(),
    /** `interface`, `efa` and so on. */
    type: text,
    subnet: text,
    securityGroups: z.array(text).readonly(),
    privateAddress: text,
    secondaryAddresses: z.array(text).readonly(),
    ipv6Addresses: z.array(text).readonly(),
    /** These three are absent in points of versions that protected no server with more than one interface. */
    description: text.exactOptional(),
    isSourceDestChecked: z.boolean().exactOptional(),
    deleteOnTermination: z.boolean().exactOptional(),
  })
  .readonly();
export type NetworkInterface = z.output<typeof networkInterfaceSchema>;

/** What an owner may have set of a server besides what every launch needs. `null`: as AWS gives it unasked. @source aws-facts [3.7] */
const launchSettingsSchema = z
  .object({
    /** Of a server that boots by UEFI, where AWS keeps its variables. */
    uefiData: text.max(uefiDataCharactersMax).nullable(),
    sriovNetSupport: text.nullable(),
    /** Whether tokens are required is `httpTokens` of the configuration. */
    metadata: z.object({ endpoint: text, hopLimit: z.int(), ipv6: text, instanceTags: text }).readonly().nullable(),
    cpu: z
      .object({
        coreCount: z.int(),
        threadsPerCore: z.int(),
        amdSevSnp: z.boolean(),
        nestedVirtualization: z.boolean(),
      })
      .readonly()
      .nullable(),
    /** `standard` or `unlimited`; `null` for types without credits. */
    cpuCredits: text.nullable(),
    isMonitored: z.boolean(),
    isRecoveredByAws: z.boolean(),
    hostname: z.object({ type: text, answersA: z.boolean() }).readonly().nullable(),
    hasEnclaves: z.boolean(),
    tenancy: z.enum(['default', 'dedicated']),
    bandwidthWeighting: text.nullable(),
    shutdownBehavior: z.enum(['stop', 'terminate']),
    /** Of the first interface, which is that of the instance as well. */
    isSourceDestChecked: z.boolean(),
    isStopProtected: z.boolean(),
    isTerminationProtected: z.boolean(),
    /** By device index; the first has 0. */
    interfaces: z.array(networkInterfaceSchema).readonly(),
    /** What a launch in the recovery Region cannot give back, in words for people. */
    notCarried: z.array(text).readonly(),
  })
  .readonly();
export type LaunchSettings = z.output<typeof launchSettingsSchema>;

/** What is needed to launch the same server again; members as `DescribeInstances` gives them. @source aws-facts [3.7] */
export const launchConfigurationSchema = z
  .object({
    instance: instanceId,
    instanceType: text,
    architecture: text,
    rootDevice: text,
    bootMode: text.nullable(),
    tpmSupport: text.nullable(),
    enaSupport: z.boolean(),
    subnet: text,
    zone: text,
    securityGroups: z.array(text).readonly(),
    keyName: text.nullable(),
    instanceProfile: text.nullable(),
    userData: text.nullable(),
    ebsOptimized: z.boolean(),
    httpTokens: text.nullable(),
    tags: z.record(z.string(), z.string()).readonly(),
    /** Absent in points of versions that did not capture it: launched as AWS does when nothing is asked for. */
    settings: launchSettingsSchema.exactOptional(),
  })
  .readonly();
export type LaunchConfiguration = z.output<typeof launchConfigurationSchema>;

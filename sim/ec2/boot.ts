import { type BootRecord, readBootRecord } from '../blocks/boot-record.ts';
import type { InstanceRecord, VolumeRecord } from './records.ts';
import type { Ec2State } from './state.ts';

/** The volume at the root device, whatever else is attached. */
export function rootVolume(state: Ec2State, instance: InstanceRecord): VolumeRecord | undefined {
  return state.volumesOf(instance.id).find(({ attachment }) => attachment?.device === instance.rootDevice);
}

/** Processors of an instance type: families with a `g` after the generation, and a1, are arm64. */
export function processorOf(instanceType: string): 'arm64' | 'x86_64' {
  return /^(a1|[a-z]+\d+g[a-z]*)\./.test(instanceType) ? 'arm64' : 'x86_64';
}

/** Graviton has nothing but UEFI; a type of Intel or AMD takes what its image says. @source EC2 guide, boot modes */
export function bootModeOf({ instanceType, image }: Pick<InstanceRecord, 'instanceType' | 'image'>) {
  const isUefi = processorOf(instanceType) === 'arm64' || image.bootMode?.startsWith('uefi') === true;
  return isUefi ? ('uefi' as const) : ('legacy-bios' as const);
}

/** The variables that firmware begins with when an image brings none. */
export const freshUefiData = Buffer.from('fresh UEFI variables').toString('base64');

/**
 * What an instance runs, or `undefined` when it cannot boot: wrong architecture, paravirtual, no root volume, or nothing
 * in its block 0. @source aws-facts [3.2]
 */
export function bootedFrom(state: Ec2State, instance: InstanceRecord): BootRecord | undefined {
  const isRunnable = instance.virtualization === 'hvm' && instance.architecture === processorOf(instance.instanceType);
  return isRunnable ? readBootRecord(rootVolume(state, instance)?.content.blocks.get(0)) : undefined;
}

export type StatusCheck = 'initializing' | 'ok' | 'impaired' | 'not-applicable';

/** The instance status check; the system check differs only in never being impaired. */
export function statusOf(state: Ec2State, instance: InstanceRecord): StatusCheck {
  if (instance.state !== 'running' || instance.runningAt === undefined) return 'not-applicable';
  if (state.now() - instance.runningAt < state.timings.statusChecksMs) return 'initializing';
  return bootedFrom(state, instance) === undefined ? 'impaired' : 'ok';
}

/** Whether the programs of an instance accept connections. */
export function isServing(state: Ec2State, instance: InstanceRecord): boolean {
  const { statusChecksMs, serviceStartMs } = state.timings;
  return (
    statusOf(state, instance) === 'ok' &&
    state.now() - (instance.runningAt ?? state.now()) >= statusChecksMs + serviceStartMs
  );
}

import {
  type EC2Client,
  ModifyInstanceAttributeCommand,
  type ModifyInstanceAttributeCommandInput,
  ModifyNetworkInterfaceAttributeCommand,
  type ModifyNetworkInterfaceAttributeCommandInput,
} from '@aws-sdk/client-ec2';
import { awsCall } from './call.ts';

/** Protections that an owner puts on an instance, by what they refuse. */
export type Protection = 'stop' | 'termination';

export async function setProtection(
  ec2: EC2Client,
  instance: string,
  protection: Protection,
  isOn: boolean,
): Promise<void> {
  const value = { Value: isOn };
  const attribute = protection === 'stop' ? { DisableApiStop: value } : { DisableApiTermination: value };
  await modify(ec2, `switch the ${protection} protection of ${instance} ${isOn ? 'on' : 'off'}`, {
    InstanceId: instance,
    ...attribute,
  });
}

/** Of an instance with one network interface. */
export async function setSourceDestCheck(ec2: EC2Client, instance: string, isOn: boolean): Promise<void> {
  await modify(ec2, `switch the source/destination check of ${instance} ${isOn ? 'on' : 'off'}`, {
    InstanceId: instance,
    SourceDestCheck: { Value: isOn },
  });
}

/** Of one interface of an instance that has several, for which AWS refuses the instance's own attribute. @source aws-facts [3.7] */
export async function setInterfaceSourceDestCheck(
  ec2: EC2Client,
  networkInterface: string,
  isOn: boolean,
): Promise<void> {
  await modifyInterface(ec2, `switch the source/destination check of ${networkInterface} ${isOn ? 'on' : 'off'}`, {
    NetworkInterfaceId: networkInterface,
    SourceDestCheck: { Value: isOn },
  });
}

/** These and no others, of an interface of an instance in any state. Connections that are tracked go on. @source aws-facts [4.1] */
export async function setInterfaceGroups(
  ec2: EC2Client,
  networkInterface: string,
  groups: readonly string[],
): Promise<void> {
  await modifyInterface(ec2, `give ${networkInterface} the security groups ${groups.join(', ')}`, {
    NetworkInterfaceId: networkInterface,
    Groups: [...groups],
  });
}

async function modifyInterface(
  ec2: EC2Client,
  what: string,
  input: ModifyNetworkInterfaceAttributeCommandInput,
): Promise<void> {
  await awsCall(what, () => ec2.send(new ModifyNetworkInterfaceAttributeCommand(input)));
}

/** An attached volume outlives its instance unless told otherwise; AttachVolume resets this to `false`. @source aws-facts [3.6] */
export async function setDeleteOnTermination(
  ec2: EC2Client,
  instance: string,
  device: string,
  deleteOnTermination: boolean,
): Promise<void> {
  await modify(ec2, `set delete-on-termination of ${device} of ${instance}`, {
    InstanceId: instance,
    BlockDeviceMappings: [{ DeviceName: device, Ebs: { DeleteOnTermination: deleteOnTermination } }],
  });
}

/** One attribute a call. @source aws-facts [3.6] */
async function modify(ec2: EC2Client, what: string, input: ModifyInstanceAttributeCommandInput): Promise<void> {
  await awsCall(what, () => ec2.send(new ModifyInstanceAttributeCommand(input)));
}

import { beforeEach, describe, expect, it } from 'vitest';
import { type ShellCommand, Ssm } from '../../sim/ssm/ssm.ts';
import { callOf, ManualCloud } from './manual-cloud.ts';

let cloud: ManualCloud;
let ssm: Ssm;

beforeEach(() => {
  cloud = new ManualCloud();
  ssm = new Ssm(cloud.surroundings());
  ssm.managedInstances = () => ['i-1', 'i-2'];
});

const send = async (input: object = {}) => {
  const { Command } = await callOf<{ Command: { CommandId: string } }>(ssm, 'SendCommand', {
    InstanceIds: ['i-1'],
    DocumentName: 'AWS-RunShellScript',
    Parameters: { commands: ['sync'] },
    ...input,
  });
  return Command.CommandId;
};
const invocation = (CommandId: string, InstanceId = 'i-1') =>
  callOf(ssm, 'GetCommandInvocation', { CommandId, InstanceId });

describe('a command', () => {
  it('is not known at once, then pending, in progress and done', async () => {
    const id = await send();
    await expect(invocation(id)).rejects.toMatchObject({ code: 'InvocationDoesNotExist' });
    const seen: unknown[] = [];
    for (const seconds of [0.5, 1, 2]) {
      await cloud.advance(seconds);
      seen.push((await invocation(id)).Status);
    }
    expect(seen).toEqual(['Pending', 'InProgress', 'Success']);
  });

  it('does on each instance what the world says', async () => {
    const commands: ShellCommand[] = [];
    ssm.onCommand = (command) => {
      commands.push(command);
      return command.instanceId === 'i-1' ? { exitCode: 0, stdout: 'done' } : { exitCode: 3, stderr: 'no disk' };
    };
    const id = await send({ InstanceIds: ['i-1', 'i-2'] });
    await cloud.advance(10);
    expect(commands.map(({ instanceId, lines }) => [instanceId, lines])).toEqual([
      ['i-1', ['sync']],
      ['i-2', ['sync']],
    ]);
    expect(await invocation(id)).toMatchObject({ Status: 'Success', ResponseCode: 0, StandardOutputContent: 'done' });
    expect(await invocation(id, 'i-2')).toMatchObject({
      Status: 'Failed',
      ResponseCode: 3,
      StandardErrorContent: 'no disk',
    });
  });

  it('that runs longer than allowed times out', async () => {
    ssm.onCommand = () => ({ exitCode: 0, seconds: 100 });
    const id = await send({ Parameters: { commands: ['sleep 100'], executionTimeout: ['30'] } });
    await cloud.advance(40);
    expect(await invocation(id)).toMatchObject({ Status: 'TimedOut', ResponseCode: 137 });
  });

  it('that no agent takes times out undelivered, once both times are over', async () => {
    ssm.onCommand = () => undefined;
    const id = await send({ TimeoutSeconds: 30, Parameters: { commands: ['sync'], executionTimeout: ['20'] } });
    await cloud.advance(45);
    expect(await invocation(id)).toMatchObject({ Status: 'Pending' });
    await cloud.advance(10);
    expect(await invocation(id)).toMatchObject({
      Status: 'TimedOut',
      StatusDetails: 'DeliveryTimedOut',
      ResponseCode: -1,
    });
  });

  it('waits for an agent that is silent, and runs late when that comes back in time', async () => {
    ssm.isAgentSilent = () => true;
    const id = await send({ TimeoutSeconds: 30, Parameters: { commands: ['sync'], executionTimeout: ['20'] } });
    await cloud.advance(40);
    expect(await invocation(id)).toMatchObject({ Status: 'Delayed' });
    ssm.isAgentSilent = () => false;
    await cloud.advance(4);
    expect(await invocation(id)).toMatchObject({ Status: 'Success' });
  });

  it('is refused for instances that are not managed, other documents and unknown parameters', async () => {
    await expect(send({ InstanceIds: ['i-1', 'i-9'] })).rejects.toMatchObject({ code: 'InvalidInstanceId' });
    await expect(send({ DocumentName: 'AWSEC2-CreateVssSnapshot' })).rejects.toThrow('AWSEC2-CreateVssSnapshot');
    await expect(send({ Parameters: { commands: ['a'], other: ['b'] } })).rejects.toMatchObject({
      code: 'InvalidParameters',
    });
    await expect(send({ Parameters: {} })).rejects.toMatchObject({ code: 'InvalidParameters' });
    expect(ssm.invocations).toEqual([]);
  });

  it.each<[what: string, code: string, input: object]>([
    ['a time-out for delivery below 30 s', 'ValidationException', { TimeoutSeconds: 29 }],
    ['a comment of more than 100 characters', 'ValidationException', { Comment: 'c'.repeat(101) }],
    ['the same instance twice', 'DuplicateInstanceId', { InstanceIds: ['i-1', 'i-1'] }],
    ['an endless script', 'InvalidParameters', { Parameters: { commands: ['a'], executionTimeout: ['0'] } }],
    [
      'a time that is no number',
      'InvalidParameters',
      { Parameters: { commands: ['a'], executionTimeout: ['1 minute'] } },
    ],
    ['a script of more than 64 KiB', 'ValidationException', { Parameters: { commands: ['a'.repeat(65_536)] } }],
    ['a reference to a parameter', 'NotModelled', { Parameters: { commands: ['echo {{ssm:password}}'] } }],
  ])('is refused with %s', async (_, code, input) => {
    await expect(send(input)).rejects.toMatchObject({ code });
  });
});

describe('DescribeInstanceInformation', () => {
  it('gives the managed instances, filtered and a page at a time', async () => {
    ssm.managedInstances = () => ['i-1', 'i-2', 'i-3', 'i-4', 'i-5', 'i-6'];
    const describe = (input: object) =>
      callOf<{ InstanceInformationList: { InstanceId: string }[]; NextToken?: string }>(
        ssm,
        'DescribeInstanceInformation',
        input,
      );
    const first = await describe({ MaxResults: 5 });
    const second = await describe({ MaxResults: 5, NextToken: first.NextToken });
    expect([first.InstanceInformationList.length, second.InstanceInformationList]).toMatchObject([
      5,
      [{ InstanceId: 'i-6' }],
    ]);
    const some = await describe({ Filters: [{ Key: 'InstanceIds', Values: ['i-2', 'i-9'] }] });
    expect(some.InstanceInformationList).toMatchObject([{ InstanceId: 'i-2', PingStatus: 'Online' }]);
  });
});

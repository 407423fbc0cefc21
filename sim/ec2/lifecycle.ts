import { AwsError } from '../service.ts';
import { free } from './attachments.ts';
import { rootVolume } from './boot.ts';
import { reservationFor } from './capacity-reservations.ts';
import { removeVolume } from './make-volume.ts';
import { disassociate, newPublicIp } from './network.ts';
import { checkVcpus } from './quotas.ts';
import type { InstanceRecord } from './records.ts';
import type { Ec2State } from './state.ts';

export const unknownInstance = 'InvalidInstanceID.NotFound';

/** Moves an instance into a state, and on from there after a while unless something else happened to it first. */
function enter(
  state: Ec2State,
  instance: InstanceRecord,
  into: InstanceRecord['state'],
  then?: { ms: number; next: () => void },
): void {
  instance.state = into;
  instance.turn += 1;
  const { turn } = instance;
  if (then !== undefined) {
    state.after(then.ms, () => {
      if (instance.turn === turn) then.next();
    });
  }
}

/** What a reservation holds is there, whatever the zone lacks. @throws AwsError Unsupported; InsufficientInstanceCapacity, which is a server error. @source aws-facts [3.4] */
export function checkCapacity(
  state: Ec2State,
  { zone, instanceType, isReserved }: { zone: string; instanceType: string; isReserved: boolean },
): void {
  if (state.unoffered.has(`${zone}/${instanceType}`))
    throw new AwsError(
      'Unsupported',
      `Your requested instance type (${instanceType}) is not supported in your requested Availability Zone (${zone}).`,
    );
  if (!isReserved && state.shortages.has(`${zone}/${instanceType}`))
    throw new AwsError(
      'InsufficientInstanceCapacity',
      `We currently do not have sufficient ${instanceType} capacity in the Availability Zone you requested (${zone}).`,
      500,
    );
}

/**
 * From launch or start to `running`; an unusable key of an attached volume ends it. With several network interfaces there is no public
 * address unless elastic, neither at the launch nor again after a stop. @source EC2 guide, instance IP addressing
 */
export function bringUp(state: Ec2State, instance: InstanceRecord): void {
  instance.launchedAt = state.now();
  instance.stateReason = undefined;
  const [first, ...others] = instance.interfaces;
  if (first.publicIp === undefined && instance.wantsPublicIp && others.length === 0)
    first.publicIp = newPublicIp(state);
  const next = () => {
    const volumes = state.volumesOf(instance.id);
    const hasKeys = volumes.every(
      ({ encryption }) => encryption === undefined || state.keys.isUsable(encryption.keyArn),
    );
    if (!hasKeys) return fail(state, instance);
    for (const volume of volumes) {
      if (volume.state === 'creating') volume.state = 'in-use';
      if (volume.attachment?.state === 'attaching') volume.attachment.state = 'attached';
    }
    instance.runningAt = state.now();
    enter(state, instance, 'running');
  };
  enter(state, instance, 'pending', { ms: state.timings.instancePendingMs, next });
}

/** A key problem shows only in the state reason: a launch is undone, a start falls back. @source aws-facts [3.7] */
function fail(state: Ec2State, instance: InstanceRecord): void {
  const isFirst = instance.runningAt === undefined;
  if (isFirst) ended(state, instance);
  else enter(state, instance, 'stopped');
  instance.stateReason = { Code: 'Client.InternalError', Message: 'Client.InternalError: Client error on launch' };
}

export function start(state: Ec2State, instance: InstanceRecord): void {
  if (instance.state === 'running' || instance.state === 'pending') return;
  if (instance.state !== 'stopped') throw incorrect(instance, 'started');
  if (rootVolume(state, instance) === undefined)
    throw new AwsError(
      'IncorrectInstanceState',
      `Instance ${instance.id} does not have a volume attached at root (${instance.rootDevice})`,
    );
  const { zone, instanceType } = instance;
  const reservedBy = reservationFor(state, {
    ...{ zone, instanceType, tenancy: instance.options.tenancy, count: 1 },
    specification: instance.request.CapacityReservationSpecification,
  });
  checkCapacity(state, { zone, instanceType, isReserved: reservedBy !== undefined });
  checkVcpus(state, instanceType, 1);
  instance.reservedBy = reservedBy;
  bringUp(state, instance);
}

export function stop(state: Ec2State, instance: InstanceRecord): void {
  if (instance.state === 'stopped' || instance.state === 'stopping') return;
  if (instance.state !== 'running') throw incorrect(instance, 'stopped');
  instance.stateReason = {
    Code: 'Client.UserInitiatedShutdown',
    Message: 'Client.UserInitiatedShutdown: User initiated shutdown',
  };
  enter(state, instance, 'stopping', {
    ms: state.timings.instanceStoppingMs,
    next: () => {
      const elastic = new Set([...state.addresses.values()].map(({ interfaceId }) => interfaceId));
      for (const each of instance.interfaces) if (!elastic.has(each.id)) each.publicIp = undefined;
      instance.reservedBy = undefined;
      enter(state, instance, 'stopped');
    },
  });
}

export function terminate(state: Ec2State, instance: InstanceRecord): void {
  if (isOver(instance)) return;
  instance.stateReason = {
    Code: 'Client.UserInitiatedShutdown',
    Message: 'Client.UserInitiatedShutdown: User initiated shutdown',
  };
  enter(state, instance, 'shutting-down', {
    ms: state.timings.instanceTerminatingMs,
    next: () => ended(state, instance),
  });
}

function isOver({ state }: InstanceRecord): boolean {
  return state === 'terminated' || state === 'shutting-down';
}

/** @throws AwsError for an instance that is protected against what is asked. @source aws-facts [3.6], [4.1] */
export function refuseProtected(instance: InstanceRecord, change: typeof start): void {
  const protections = [
    { against: stop, isOn: instance.disableApiStop, attribute: 'disableApiStop', done: 'stopped' },
    {
      against: terminate,
      isOn: instance.disableApiTermination,
      attribute: 'disableApiTermination',
      done: 'terminated',
    },
  ];
  for (const { against, isOn, attribute, done } of protections) {
    if (against !== change || !isOn) continue;
    if (isOver(instance) || (against === stop && instance.state.startsWith('stop'))) continue;
    throw new AwsError(
      'OperationNotPermitted',
      `The instance '${instance.id}' may not be ${done}. Modify its '${attribute}' instance attribute and try again.`,
    );
  }
}

function ended(state: Ec2State, instance: InstanceRecord): void {
  for (const address of state.addresses.values()) if (address.instanceId === instance.id) disassociate(state, address);
  for (const volume of state.volumesOf(instance.id)) {
    if (volume.attachment?.deleteOnTermination === true) removeVolume(state, volume);
    else free(volume);
  }
  for (const each of instance.interfaces) {
    each.publicIp = undefined;
    if (!each.deleteOnTermination) state.looseInterfaces.set(each.id, each);
  }
  enter(state, instance, 'terminated');
  state.after(state.timings.terminatedVisibleMs, () => state.instances.delete(instance.id));
}

function incorrect(instance: InstanceRecord, what: string): AwsError {
  return new AwsError(
    'IncorrectInstanceState',
    `The instance '${instance.id}' is not in a state from which it can be ${what}. It is '${instance.state}'.`,
  );
}

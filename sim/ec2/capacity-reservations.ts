import type {
  CapacityReservation,
  CapacityReservationSpecification,
  DescribeCapacityReservationsRequest,
  DescribeCapacityReservationsResult,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../service.ts';
import { ec2Operation } from './ec2-operation.ts';
import { found, invalid, refuseOthers, select } from './errors.ts';
import type { CapacityReservationRecord } from './records.ts';
import type { Ec2State } from './state.ts';

const unknownReservation = 'InvalidCapacityReservationId.NotFound';

/** An instance gives its place back once it is stopped or terminated, not before. @source EC2 guide, On-Demand Capacity Reservations */
const holding = new Set(['pending', 'running', 'stopping', 'shutting-down']);

/** Instances for which there is room. */
export function freeInstances(state: Ec2State, { id, instanceCount, state: now }: CapacityReservationRecord): number {
  if (now !== 'active') return 0;
  const held = [...state.instances.values()].filter((each) => each.reservedBy === id && holding.has(each.state));
  return Math.max(0, instanceCount - held.length);
}

/** What is launched or started. */
export interface Wish {
  readonly specification: CapacityReservationSpecification | undefined;
  readonly instanceType: string;
  readonly zone: string;
  readonly tenancy: string;
  readonly count: number;
}

/**
 * The reservation whose room is taken: the one that is targeted, or without a target any open one that fits and has room; `undefined` on demand.
 * @throws AwsError ReservationCapacityExceeded. The codes for one that is not active or does not match are assumed. @source EC2 guide, launch instances into an existing Capacity Reservation
 */
export function reservationFor(state: Ec2State, wish: Wish): string | undefined {
  const { specification = {}, count } = wish;
  refuseOthers('CapacityReservationSpecification', specification, [
    'CapacityReservationPreference',
    'CapacityReservationTarget',
  ]);
  const { CapacityReservationPreference: preference, CapacityReservationTarget: target } = specification;
  if (target !== undefined && preference !== undefined)
    throw invalid('CapacityReservationPreference and CapacityReservationTarget exclude each other');
  if (target !== undefined) return targeted(state, target, wish);
  if (preference !== undefined && preference !== 'open' && preference !== 'none')
    throw invalid(`CapacityReservationPreference ${preference}`);
  if (preference === 'none') return undefined;
  const fitting = [...state.capacityReservations.values()].find(
    (each) => each.matching === 'open' && fits(each, wish) && freeInstances(state, each) >= count,
  );
  return fitting?.id;
}

function targeted(
  state: Ec2State,
  target: NonNullable<CapacityReservationSpecification['CapacityReservationTarget']>,
  wish: Wish,
): string {
  refuseOthers('CapacityReservationTarget', target, ['CapacityReservationId']);
  const id = target.CapacityReservationId;
  const reservation = found(state.capacityReservations, id, unknownReservation, 'capacity reservation');
  if (reservation.state !== 'active')
    throw new AwsError('InvalidCapacityReservationState', `${reservation.id} is ${reservation.state}`);
  if (!fits(reservation, wish)) throw invalid(`The attributes of ${reservation.id} do not match those of the instance`);
  if (freeInstances(state, reservation) < wish.count)
    throw new AwsError(
      'ReservationCapacityExceeded',
      `The targeted Capacity Reservation ${reservation.id} does not have enough available instance capacity`,
    );
  return reservation.id;
}

/** Every image here is `Linux/UNIX`. */
function fits(
  { instanceType, zone, tenancy, platform }: CapacityReservationRecord,
  wish: Pick<Wish, 'instanceType' | 'zone' | 'tenancy'>,
): boolean {
  const isOfKind = instanceType === wish.instanceType && zone === wish.zone;
  return isOfKind && tenancy === wish.tenancy && platform === 'Linux/UNIX';
}

function describe(state: Ec2State, reservation: CapacityReservationRecord): CapacityReservation {
  const { id, zone, instanceCount } = reservation;
  return {
    CapacityReservationId: id,
    OwnerId: state.account,
    CapacityReservationArn: `arn:aws:ec2:${state.region}:${state.account}:capacity-reservation/${id}`,
    InstanceType: reservation.instanceType,
    InstancePlatform: reservation.platform,
    AvailabilityZone: zone,
    Tenancy: reservation.tenancy,
    TotalInstanceCount: instanceCount,
    AvailableInstanceCount: freeInstances(state, reservation),
    State: reservation.state,
    EndDateType: 'unlimited',
    InstanceMatchCriteria: reservation.matching,
    Tags: reservation.tags,
  };
}

function describeCapacityReservations(
  state: Ec2State,
  input: DescribeCapacityReservationsRequest,
): DescribeCapacityReservationsResult {
  const { capacityReservations: all } = state;
  const asked = select(all, input.CapacityReservationIds, unknownReservation, 'capacity reservation');
  const { page, ...next } = state.pages.cut(asked, input, [1, 1_000]);
  return { CapacityReservations: page.map((each) => describe(state, each)), ...next };
}

export const capacityReservationOperations = {
  DescribeCapacityReservations: ec2Operation<DescribeCapacityReservationsRequest, DescribeCapacityReservationsResult>(
    ['CapacityReservationIds', 'MaxResults', 'NextToken'],
    describeCapacityReservations,
  ),
};

import type { Resources, Right } from './resources.ts';

/** Looking at the Capacity Reservations that servers are launched into; none where no plan names one. */
export function lookingAtReservations(of: Resources): Right[] {
  return of.reservations.length === 0 ? [] : [of.read(['recovery'], 'ec2:DescribeCapacityReservations')];
}

/** Launching into those reservations and no others, where the zones of the subnets are theirs. @source Service Authorization Reference, RunInstances: capacity-reservation* */
export function reserving(of: Resources): Right[] {
  if (of.reservations.length === 0) return [];
  const into = { actions: ['ec2:RunInstances'], resources: of.reservations };
  return [into, ...lookingAtReservations(of), of.read(['recovery'], 'ec2:DescribeSubnets')];
}

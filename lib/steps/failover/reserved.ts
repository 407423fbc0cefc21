import { AwsFailure } from '../../aws/call.ts';
import { findReservation } from '../../aws/capacity-reservations.ts';
import { ec2Client } from '../../aws/clients.ts';
import { describeSubnets } from '../../aws/network.ts';
import { misfit, reservationIn } from '../../domain/capacity.ts';
import { isTransientCode } from '../../domain/failure.ts';
import type { LaunchConfiguration } from '../../domain/launch-configuration.ts';
import type { Rung } from '../../domain/launch-ladder.ts';
import type { Services } from '../services.ts';
import type { Ladder } from './climb.ts';

/**
 * Which ways of a server lead into the Capacity Reservation that its plan names, if it names one: AWS refuses a launch into one of another type or zone. What AWS does not let be
 * seen stops no launch.
 */
export async function capacityFor(
  services: Services,
  region: string,
  { capacity, configuration, rungs }: { capacity: string; configuration: LaunchConfiguration; rungs: readonly Rung[] },
): Promise<Ladder['capacity']> {
  const id = reservationIn(capacity);
  if (id === undefined) return { policy: capacity, misfits: [] };
  const never = (why: string) => ({ policy: id, misfits: rungs.map(() => why) });
  const ec2 = services.client(ec2Client, region);
  try {
    const reservation = await findReservation(ec2, id);
    if (reservation === undefined) return never('does not exist');
    const wanted = new Set(rungs.flatMap(({ interfaces }) => interfaces.map(({ subnet }) => subnet)));
    const zoneOf = new Map((await describeSubnets(ec2, [...wanted])).map((subnet) => [subnet.id, subnet.zone]));
    return { policy: id, misfits: rungs.map((rung) => misfit(reservation, rung, zoneOf, configuration)) };
  } catch (error) {
    if (!(error instanceof AwsFailure) || isTransientCode(error.code)) throw error;
    return never(`could not be looked at: ${error.message}`);
  }
}

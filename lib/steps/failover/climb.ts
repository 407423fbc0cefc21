import * as z from 'zod';
import { AwsFailure } from '../../aws/call.ts';
import { ec2Client } from '../../aws/clients.ts';
import { findInstances } from '../../aws/instances.ts';
import { launchInstance, type LaunchRequest } from '../../aws/launch.ts';
import type { OwnerTags } from '../../aws/tags.ts';
import { tokenOf } from '../../aws/token.ts';
import { type CapacityPolicy, reservationIn } from '../../domain/capacity.ts';
import { Failure } from '../../domain/failure.ts';
import type { LaunchConfiguration } from '../../domain/launch-configuration.ts';
import { ofType, type Rung, rungLine } from '../../domain/launch-ladder.ts';
import { createOnce } from '../operation/create-once.ts';
import type { Context, Services } from '../services.ts';

/** Of what AWS says at a launch besides want of capacity, what another type or another place may not meet. @source aws-facts [3.4] */
const elsewherePossible = new Set(['Unsupported', 'InsufficientFreeAddressesInSubnet']);

export interface Ladder {
  readonly region: string;
  readonly image: string;
  readonly configuration: LaunchConfiguration;
  /** The best first; one at least. */
  readonly rungs: readonly Rung[];
  readonly owner: OwnerTags;
  /** Tried on each rung before the same without it. */
  readonly hydration: LaunchRequest['hydration'];
  /** With the id of a Capacity Reservation: why each rung cannot lead into it, `undefined` for those that can. They are tried so before the same without it. */
  readonly capacity: { readonly policy: CapacityPolicy; readonly misfits: readonly (string | undefined)[] };
}

const launchedSchema = z.object({
  instance: z.string(),
  rung: z.int(),
  isHydrated: z.boolean().exactOptional(),
  outside: z.string().exactOptional(),
});
/**
 * `rung`: its index on the ladder. `isHydrated`: AWS has taken the rate. Not known of one whose answer was lost, which counts as not. `outside`: why it is not in the Capacity
 * Reservation that it was meant for.
 */
type Launched = z.infer<typeof launchedSchema>;

/**
 * Launches a server on the first rung that has room. The token of one rung makes a repeat return the same instance; of several, a repeat could find
 * room on another one than before, so that it goes on only once it is known what became of the launch whose answer was lost.
 * @throws Failure LaunchFailed while no rung has room, AwsNotYetConsistent while that cannot be told
 */
export async function climb(services: Services, context: Context, ladder: Ladder): Promise<Launched> {
  const { region, rungs, owner, hydration, capacity } = ladder;
  const reservation = reservationIn(capacity.policy);
  if (rungs.length === 1 && hydration === undefined && reservation === undefined)
    return tryRungs(services, context, ladder);
  return createOnce(services, context, owner.step, {
    made: launchedSchema,
    async find() {
      const [found] = await findInstances(services.client(ec2Client, region), owner);
      if (found === undefined) return undefined;
      const { InstanceType, SubnetId, CapacityReservationId } = found.raw;
      const rung = rungs.findIndex(
        ({ instanceType, interfaces }) => instanceType === InstanceType && interfaces[0]?.subnet === SubnetId,
      );
      const isOutside = reservation !== undefined && CapacityReservationId !== reservation;
      const why = capacity.misfits[rung] ?? 'has refused it, and the answer was lost';
      return { instance: found.id, rung, ...(isOutside ? { outside: why } : {}) };
    },
    make: () => tryRungs(services, context, ladder),
  });
}

async function tryRungs(services: Services, context: Context, ladder: Ladder): Promise<Launched> {
  const { rungs, owner, hydration, capacity } = ladder;
  const reservation = reservationIn(capacity.policy);
  const refusals: AwsFailure[] = [];
  for (const [index, rung] of rungs.entries()) {
    try {
      const outside = reservation === undefined ? undefined : capacity.misfits[index];
      const wishes = { hydration, reservation: outside === undefined ? reservation : undefined, outside };
      return { ...(await tryWishes(services, context, { ladder, rung }, wishes)), rung: index };
    } catch (error) {
      if (!(error instanceof AwsFailure) || rungs.length === 1) throw error;
      if (error.code !== 'LaunchFailed' && !elsewherePossible.has(error.awsName)) throw error;
      refusals.push(error);
    }
  }
  // Want of room may pass; what stands in the way of all of them otherwise will not.
  const code = refusals.some((refusal) => refusal.code === 'LaunchFailed') ? 'LaunchFailed' : 'AwsRejected';
  const said = rungs.map((rung, index) => `${rungLine(rung)}: ${refusals[index]?.awsName ?? ''}`);
  throw new Failure(
    code,
    `There is no room for server ${owner.server ?? ''} anywhere that the plan names: ${said.join('; ')}.`,
  );
}

/** What a launch without any of its wishes would be refused for as well. */
const ofTheInstance = new Set([
  ...elsewherePossible,
  'InsufficientInstanceCapacity',
  'VcpuLimitExceeded',
  'InstanceLimitExceeded',
]);
/** A reservation without room, one that is gone or does not match; a zone without room refuses what a reservation does not hold. @source EC2 API reference, error codes */
const ofTheReservation = /CapacityReservation|^ReservationCapacityExceeded$|^InsufficientInstanceCapacity$/;

/** What a launch asks for and can do without. `outside`: why it does without the reservation. */
interface Wishes {
  readonly hydration: LaunchRequest['hydration'];
  readonly reservation: string | undefined;
  readonly outside: string | undefined;
}

interface Way {
  readonly ladder: Ladder;
  readonly rung: Rung;
}

/**
 * AWS refuses the whole launch where it has no room for the rate, in the zone or in the account's quota, and does not say under which name: anything that may come
 * from that leads to a launch without it. The same goes for a Capacity Reservation. @source aws-facts [1.8], [3.4]
 */
async function tryWishes(
  services: Services,
  context: Context,
  way: Way,
  wishes: Wishes,
): Promise<Omit<Launched, 'rung'>> {
  const { hydration, outside } = wishes;
  try {
    const instance = await tryRung(services, context, way, wishes);
    return {
      instance,
      ...(hydration === undefined ? {} : { isHydrated: true }),
      ...(outside === undefined ? {} : { outside }),
    };
  } catch (error) {
    const isRefused = error instanceof AwsFailure && (error.code === 'LaunchFailed' || error.code === 'AwsRejected');
    const refused = isRefused ? refusedOf(error.awsName, wishes) : undefined;
    if (!isRefused || refused === undefined) throw error;
    if (refused === 'reservation') {
      const less = { hydration, reservation: undefined, outside: `has refused it: ${error.message}` };
      return tryWishes(services, context, way, less);
    }
    const note = `server ${way.ladder.owner.server ?? ''} is launched without a rate at which its volumes are filled: ${error.message}`;
    await services.catalogue.addEvent(context.operation, services.now(), note);
    return tryWishes(services, context, way, { ...wishes, hydration: undefined });
  }
}

/** Which wish AWS may have refused. */
function refusedOf(awsName: string, { hydration, reservation }: Wishes): 'hydration' | 'reservation' | undefined {
  if (reservation !== undefined && ofTheReservation.test(awsName)) return 'reservation';
  if (ofTheInstance.has(awsName)) return undefined;
  if (hydration !== undefined) return 'hydration';
  return reservation === undefined ? undefined : 'reservation';
}

/** The token has all in it that differs between the ways to launch. @source aws-facts [3.3] */
async function tryRung(
  services: Services,
  { operation }: Context,
  { ladder, rung: { instanceType, interfaces } }: Way,
  { hydration, reservation }: Wishes,
): Promise<string> {
  const { region, image, configuration, owner, capacity } = ladder;
  const rate = hydration === undefined ? [] : [`${hydration.mibPerSecond} MiB/s`];
  const reserved = reservation === undefined ? [] : [reservation];
  const places = interfaces.map(({ subnet }) => subnet);
  return launchInstance(services.client(ec2Client, region), {
    image,
    configuration: ofType(configuration, instanceType).configuration,
    interfaces,
    token: tokenOf(operation, owner.server ?? '', ...places, instanceType, ...rate, ...reserved),
    owner,
    hydration,
    capacity: reservation ?? (capacity.policy === 'none' ? 'none' : 'open'),
  });
}

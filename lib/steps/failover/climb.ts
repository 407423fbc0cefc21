import * as z from 'zod';
import { AwsFailure } from '../../aws/call.ts';
import { ec2Client } from '../../aws/clients.ts';
import { findInstances } from '../../aws/instances.ts';
import { launchInstance, type LaunchRequest } from '../../aws/launch.ts';
import type { OwnerTags } from '../../aws/tags.ts';
import { tokenOf } from '../../aws/token.ts';
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
}

const launchedSchema = z.object({ instance: z.string(), rung: z.int(), isHydrated: z.boolean().exactOptional() });
/** `rung`: its index on the ladder. `isHydrated`: AWS has taken the rate. Not known of one whose answer was lost, which counts as not. */
type Launched = z.infer<typeof launchedSchema>;

/**
 * Launches a server on the first rung that has room. The token of one rung makes a repeat return the same instance; of several, a repeat could find
 * room on another one than before, so that it goes on only once it is known what became of the launch whose answer was lost.
 * @throws Failure LaunchFailed while no rung has room, AwsNotYetConsistent while that cannot be told
 */
export async function climb(services: Services, context: Context, ladder: Ladder): Promise<Launched> {
  const { region, rungs, owner, hydration } = ladder;
  if (rungs.length === 1 && hydration === undefined) return tryRungs(services, context, ladder);
  return createOnce(services, context, owner.step, {
    made: launchedSchema,
    async find() {
      const [found] = await findInstances(services.client(ec2Client, region), owner);
      if (found === undefined) return undefined;
      const { InstanceType, SubnetId } = found.raw;
      const rung = rungs.findIndex(
        ({ instanceType, interfaces }) => instanceType === InstanceType && interfaces[0]?.subnet === SubnetId,
      );
      return { instance: found.id, rung };
    },
    make: () => tryRungs(services, context, ladder),
  });
}

async function tryRungs(services: Services, context: Context, ladder: Ladder): Promise<Launched> {
  const { rungs, owner, hydration } = ladder;
  const refusals: AwsFailure[] = [];
  for (const [index, rung] of rungs.entries()) {
    try {
      if (hydration !== undefined) {
        const hydrated = await tryHydrated(services, context, ladder, rung);
        if (hydrated !== undefined) return { instance: hydrated, rung: index, isHydrated: true };
      }
      return { instance: await tryRung(services, context, { ...ladder, hydration: undefined }, rung), rung: index };
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

/** What a launch without the rate would be refused for as well. */
const ofTheInstance = new Set([
  ...elsewherePossible,
  'InsufficientInstanceCapacity',
  'VcpuLimitExceeded',
  'InstanceLimitExceeded',
]);

/**
 * AWS refuses the whole launch where it has no room for the rate, in the zone or in the account's quota, and does not say under which name: anything that may come
 * from that leads to a launch without it. @source aws-facts [1.8]
 */
async function tryHydrated(
  services: Services,
  context: Context,
  ladder: Ladder,
  rung: Rung,
): Promise<string | undefined> {
  try {
    return await tryRung(services, context, ladder, rung);
  } catch (error) {
    const isRefused = error instanceof AwsFailure && (error.code === 'LaunchFailed' || error.code === 'AwsRejected');
    if (!isRefused || ofTheInstance.has(error.awsName)) throw error;
    const note = `server ${ladder.owner.server ?? ''} is launched without a rate at which its volumes are filled: ${error.message}`;
    await services.catalogue.addEvent(context.operation, services.now(), note);
    return undefined;
  }
}

/** The token has all in it that differs between the ways to launch. @source aws-facts [3.3] */
async function tryRung(
  services: Services,
  { operation }: Context,
  { region, image, configuration, owner, hydration }: Ladder,
  { instanceType, interfaces }: Rung,
): Promise<string> {
  const rate = hydration === undefined ? [] : [`${hydration.mibPerSecond} MiB/s`];
  return launchInstance(services.client(ec2Client, region), {
    image,
    configuration: ofType(configuration, instanceType).configuration,
    interfaces,
    token: tokenOf(operation, owner.server ?? '', ...interfaces.map(({ subnet }) => subnet), instanceType, ...rate),
    owner,
    hydration,
  });
}

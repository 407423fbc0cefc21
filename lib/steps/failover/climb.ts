import * as z from 'zod';
import { AwsFailure } from '../../aws/call.ts';
import { ec2Client } from '../../aws/clients.ts';
import { findInstances } from '../../aws/instances.ts';
import { launchInstance } from '../../aws/launch.ts';
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
}

const launchedSchema = z.object({ instance: z.string(), rung: z.int() });
/** `rung`: its index on the ladder. */
type Launched = z.infer<typeof launchedSchema>;

/**
 * Launches a server on the first rung that has room. The token of one rung makes a repeat return the same instance; of several, a repeat could find
 * room on another one than before, so that it goes on only once it is known what became of the launch whose answer was lost.
 * @throws Failure LaunchFailed while no rung has room, AwsNotYetConsistent while that cannot be told
 */
export async function climb(services: Services, context: Context, ladder: Ladder): Promise<Launched> {
  const { region, rungs, owner } = ladder;
  if (rungs.length === 1) return tryRungs(services, context, ladder);
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

async function tryRungs(
  services: Services,
  { operation }: Context,
  { region, image, configuration, rungs, owner }: Ladder,
): Promise<Launched> {
  const refusals: AwsFailure[] = [];
  for (const [index, { instanceType, interfaces }] of rungs.entries()) {
    try {
      const instance = await launchInstance(services.client(ec2Client, region), {
        image,
        configuration: ofType(configuration, instanceType).configuration,
        interfaces,
        token: tokenOf(operation, owner.server ?? '', ...interfaces.map(({ subnet }) => subnet), instanceType),
        owner,
      });
      return { instance, rung: index };
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

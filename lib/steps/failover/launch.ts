import { ec2Client } from '../../aws/clients.ts';
import { z } from 'zod';
import { findImages, type ImageFacts, registerImage } from '../../aws/images.ts';
import { setInterfaceSourceDestCheck, setSourceDestCheck } from '../../aws/instance-attributes.ts';
import { associateAddress, describeInstances, type InstanceFacts } from '../../aws/instances.ts';
import type { OwnerTags } from '../../aws/tags.ts';
import { tokenOf } from '../../aws/token.ts';
import { tagVolume } from '../../aws/volumes.ts';
import type { PointServer } from '../../domain/catalogue.ts';
import { pointOfServer } from '../../domain/choice.ts';
import { Failure, type FailureCode } from '../../domain/failure.ts';
import type { LaunchConfiguration } from '../../domain/launch-configuration.ts';
import { ofType, type Rung, rungLine, rungsOf } from '../../domain/launch-ladder.ts';
import { capturedInterfaces, mapNetwork } from '../../domain/launch-network.ts';
import { nextPoll, type PollResult, pollingSeconds, pollSchema } from '../../domain/poll.ts';
import type { Plan } from '../../domain/plan.ts';
import { imageOf } from '../operation/images.ts';
import { contextSchema, type Services } from '../services.ts';
import { climb } from './climb.ts';

export const serverSchema = contextSchema.extend({ server: z.string(), poll: pollSchema });
type LaunchInput = z.infer<typeof serverSchema>;

/** An image is ready within seconds and an instance within a minute or two; what takes longer never comes. */
const launchSecondsMax = 900;

/** Launches one server of the recovery point: image registered, instance launched, prepared address moved to it. */
export async function launch(services: Services, input: LaunchInput): Promise<PollResult> {
  const plan = await services.planOf(input);
  await services.proveEpoch(input);
  const ec2 = services.client(ec2Client, plan.recovery.region);
  const operation = await services.catalogue.operationOf(input);
  const wave = plan.servers[input.server]?.wave ?? 1;
  const begun = { progression: `launching wave ${wave}` };
  if (operation.progression !== begun.progression) await services.catalogue.progress(input, begun, services.now());
  const image = await ensureImage(services, input);
  if (image.state !== 'available') return notYet(services, input, `its image ${image.id} is ${image.state}`);
  const instance = operation.servers[input.server]?.instance ?? (await launchIfRoom(services, plan, input, image.id));
  if (instance instanceof Failure) return notYet(services, input, instance.message);
  const [facts] = await describeInstances(ec2, [instance]);
  if (facts === undefined || facts.state === 'pending')
    return notYet(services, input, `instance ${instance} is ${facts?.state ?? 'not visible yet'}`);
  if (facts.state !== 'running') {
    throw new Failure(
      'LaunchFailed',
      `Server ${input.server} of plan ${plan.name} became ${facts.state} after launch as ${instance}: ${facts.stateReason}. The failover is undone; check the key and the instance type, then start it again.`,
    );
  }
  if (!(await finish(services, input, facts)))
    return notYet(services, input, `not all network interfaces of ${instance} are visible yet`);
  const elasticIp = plan.servers[input.server]?.elasticIp;
  if (elasticIp !== undefined) await associateAddress(ec2, elasticIp, facts);
  const made = facts.volumes.map(({ volumeId }) => volumeId);
  const running = { server: input.server, reached: 'running' as const, made };
  await services.catalogue.addEvent(input.operation, services.now(), `runs as ${instance}`, running);
  return nextPoll(input.poll, true, services.now());
}

/**
 * What cannot be asked for at the launch. The protections come last of all, once nothing is undone any more. Returns whether AWS shows
 * everything of the server already.
 */
async function finish(services: Services, input: LaunchInput, launched: InstanceFacts): Promise<boolean> {
  const ec2 = services.client(ec2Client, services.plan(input.plan).recovery.region);
  const { configuration, volumes } = await captured(services, input);
  for (const { deviceIndex, isSourceDestChecked: isWanted = true } of capturedInterfaces(configuration)) {
    const present = launched.interfaces.find((each) => each.deviceIndex === deviceIndex);
    if (present === undefined) return false;
    if (present.isSourceDestChecked === isWanted) continue;
    if (launched.interfaces.length === 1) await setSourceDestCheck(ec2, launched.id, isWanted);
    else await setInterfaceSourceDestCheck(ec2, present.id, isWanted);
  }
  for (const { device, volumeId } of launched.volumes) {
    const tags = volumes[device]?.tags ?? {};
    if (Object.keys(tags).length > 0) await tagVolume(ec2, volumeId, tags);
  }
  return true;
}

function notYet(services: Services, input: LaunchInput, what: string): PollResult {
  if (pollingSeconds(input.poll, services.now()) <= launchSecondsMax)
    return nextPoll(input.poll, false, services.now());
  throw new Failure(
    'LaunchFailed',
    `Server ${input.server} of plan ${input.plan} did not come up within ${launchSecondsMax} s: ${what}. The failover is undone; look at it in the console, then start it again.`,
  );
}

async function ensureImage(services: Services, input: LaunchInput): Promise<ImageFacts> {
  const plan = services.plan(input.plan);
  const ec2 = services.client(ec2Client, plan.recovery.region);
  const owner = ownerOf(input, 'recovery-image');
  const [found] = await findImages(ec2, owner);
  if (found !== undefined) return found;
  const { configuration, volumes } = await captured(services, input);
  const name = `homeward-${tokenOf(input.plan, input.operation, input.server)}`;
  const image = await registerImage(ec2, { name, configuration, volumes: Object.values(volumes), owner });
  if (image.id !== '')
    await services.catalogue.updateOperationEntry(input, 'servers', input.server, { image: image.id, instance: null });
  return image;
}

/** Want of capacity may pass within minutes, as does what is not known yet. @source aws-facts [3.4] */
const waitedFor: readonly FailureCode[] = ['LaunchFailed', 'AwsNotYetConsistent'];

/** The instance of the server; where there is none yet, why. */
async function launchIfRoom(
  services: Services,
  plan: Plan,
  input: LaunchInput,
  image: string,
): Promise<string | Failure> {
  const { configuration } = await captured(services, input);
  const { interfaces, unmapped } = mapNetwork(input.server, configuration, plan.recovery);
  if (unmapped.length > 0) {
    throw new Failure(
      'LaunchFailed',
      `Server ${input.server} of plan ${plan.name} cannot be launched: ${unmapped.join('; ')}. Map them and deploy.`,
    );
  }
  const rungs = rungsOf(configuration.instanceType, interfaces, plan.recovery);
  try {
    const owner = ownerOf(input, 'recovered-server');
    const { instance, rung } = await climb(services, input, { image, configuration, rungs, owner });
    const launched = { server: input.server, reached: 'started' as const };
    await services.catalogue.addEvent(input.operation, services.now(), `launched as ${instance}`, launched);
    await noteLeft(services, input, { configuration, rung: rungs[rung], isFirst: rung === 0 });
    await services.catalogue.updateOperationEntry(input, 'servers', input.server, { image, instance });
    return instance;
  } catch (error) {
    if (error instanceof Failure && waitedFor.includes(error.code)) return error;
    throw error;
  }
}

/** What the server has been launched without, and where else than the plan wants it. */
async function noteLeft(
  services: Services,
  input: LaunchInput,
  { configuration, rung, isFirst }: { configuration: LaunchConfiguration; rung: Rung | undefined; isFirst: boolean },
): Promise<void> {
  const say = (note: string) => services.catalogue.addEvent(input.operation, services.now(), note);
  if (rung !== undefined && !isFirst)
    await say(`server ${input.server} was launched as ${rungLine(rung)}, for want of room before`);
  const { left } = ofType(configuration, rung?.instanceType ?? configuration.instanceType);
  const without = [...(configuration.settings?.notCarried ?? []), ...left];
  if (without.length > 0) await say(`server ${input.server} was launched without ${without.join('; ')}`);
}

async function captured(services: Services, input: LaunchInput): Promise<PointServer> {
  const operation = await services.catalogue.operationOf(input);
  const image = await imageOf(services, operation, input.server);
  if (image === undefined)
    throw new Failure(
      'LaunchFailed',
      `Recovery point ${pointOfServer(operation, input.server)} has no image of server ${input.server}. Choose another point.`,
    );
  return image;
}

export function ownerOf({ plan, operation, server }: LaunchInput, purpose: string): OwnerTags {
  return { plan, operation, server, purpose, step: `launch/${server}` };
}

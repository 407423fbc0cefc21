import { ec2Client } from '../../aws/clients.ts';
import { setInterfaceSourceDestCheck, setSourceDestCheck } from '../../aws/instance-attributes.ts';
import { associateAddress, describeInstances, type InstanceFacts } from '../../aws/instances.ts';
import { tagVolume } from '../../aws/volumes.ts';
import { capacityOf } from '../../domain/capacity.ts';
import type { Operation } from '../../domain/catalogue.ts';
import { Failure, type FailureCode } from '../../domain/failure.ts';
import { hydrationSeconds } from '../../domain/hydration.ts';
import type { LaunchConfiguration } from '../../domain/launch-configuration.ts';
import { ofType, type Rung, rungLine, rungsOf } from '../../domain/launch-ladder.ts';
import { capturedInterfaces, mapNetwork } from '../../domain/launch-network.ts';
import { purposesOf } from '../../domain/launch-site.ts';
import { isOptional } from '../../domain/left-out.ts';
import { launchSecond, registrationSecond } from '../../domain/pace.ts';
import { nextPromptPoll, type PollResult, pollingSeconds } from '../../domain/poll.ts';
import type { Plan } from '../../domain/plan.ts';
import { type UserDataPolicy, userDataPolicyOf } from '../../domain/user-data.ts';
import type { Services } from '../services.ts';
import { type BringUpInput, noteBroughtUp, untilTurn } from '../waves/bring-up.ts';
import { orLeaveOut } from '../waves/leave-out.ts';
import { climb } from './climb.ts';
import { captured, ensureImage, ownerOf } from './image.ts';
import { launchRegion } from './launched.ts';
import { capacityFor } from './reserved.ts';

/** An image is ready within seconds and an instance within a minute or two; what takes longer never comes. */
const launchSecondsMax = 900;

/** Launches one server of the recovery point, unless the operation goes on without it. */
export async function launch(services: Services, input: BringUpInput): Promise<PollResult> {
  await services.proveEpoch(input);
  return noteBroughtUp(services, input, () => orLeaveOut(services, input, 'recovery', () => moveOn(services, input)));
}

async function moveOn(services: Services, input: BringUpInput): Promise<PollResult> {
  const plan = await services.planOf(input);
  const operation = await services.catalogue.operationOf(input);
  const begun = { progression: `launching wave ${plan.servers[input.server]?.wave ?? 1}` };
  if (operation.progression !== begun.progression) await services.catalogue.progress(input, begun, services.now());
  return launchServer(services, input, plan, operation);
}

/**
 * Image registered, instance launched, prepared address moved to it.
 * @param plan as the operation launches by it: what it calls recovery is where the server comes up
 */
export async function launchServer(
  services: Services,
  input: BringUpInput,
  plan: Plan,
  operation: Operation,
): Promise<PollResult> {
  const ec2 = services.client(ec2Client, plan.recovery.region);
  const noted = operation.servers[input.server];
  const turn = noted === undefined ? registrationSecond : launchSecond;
  const isLaunched = (noted?.instance ?? null) !== null;
  const early = isLaunched ? undefined : untilTurn(services, input, turn(input.index));
  if (early !== undefined) return early;
  const image = await ensureImage(services, input);
  if (image.state !== 'available') return notYet(services, input, plan, `its image ${image.id} is ${image.state}`);
  const soon = isLaunched ? undefined : untilTurn(services, input, launchSecond(input.index));
  if (soon !== undefined) return soon;
  const instance = noted?.instance ?? (await launchIfRoom(services, plan, input, image.id));
  if (instance instanceof Failure) return notYet(services, input, plan, instance.message);
  const [facts] = await describeInstances(ec2, [instance]);
  if (facts === undefined || facts.state === 'pending')
    return notYet(services, input, plan, `instance ${instance} is ${facts?.state ?? 'not visible yet'}`);
  if (facts.state !== 'running') {
    throw new Failure(
      'LaunchFailed',
      `Server ${input.server} of plan ${plan.name} became ${facts.state} after launch as ${instance}: ${facts.stateReason}. Check the key and the instance type.`,
    );
  }
  if (!(await finish(services, input, facts)))
    return notYet(services, input, plan, `not all network interfaces of ${instance} are visible yet`);
  const elasticIp = plan.servers[input.server]?.elasticIp;
  if (elasticIp !== undefined) await associateAddress(ec2, elasticIp, facts);
  const made = facts.volumes.map(({ volumeId }) => volumeId);
  const running = { server: input.server, reached: 'running' as const, made };
  await services.catalogue.addEvent(input.operation, services.now(), `runs as ${instance}`, running);
  return nextPromptPoll(input.poll, true, services.now());
}

/**
 * What cannot be asked for at the launch. The protections come last of all, once nothing is undone any more. Returns whether AWS shows
 * everything of the server already.
 */
async function finish(services: Services, input: BringUpInput, launched: InstanceFacts): Promise<boolean> {
  const ec2 = services.client(ec2Client, await launchRegion(services, input));
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

function notYet(services: Services, input: BringUpInput, plan: Plan, what: string): PollResult {
  // Its turn is no fault of its own.
  const withinSeconds = patienceSeconds(plan, input.server) + launchSecond(input.index);
  if (pollingSeconds(input.poll, services.now()) <= withinSeconds)
    return nextPromptPoll(input.poll, false, services.now());
  throw new Failure(
    'LaunchFailed',
    `Server ${input.server} of plan ${input.plan} did not come up within ${withinSeconds} s: ${what.replace(/\.$/, '')}. Look at it in the console.`,
  );
}

/** Nobody is kept waiting for an optional server for longer than its plan says. */
function patienceSeconds(plan: Plan, server: string): number {
  const { health } = plan.servers[server] ?? {};
  return isOptional(plan, server) ? Math.min(launchSecondsMax, health?.withinSeconds ?? 0) : launchSecondsMax;
}

/** Want of capacity may pass within minutes, as does what is not known yet. @source aws-facts [3.4] */
const waitedFor: readonly FailureCode[] = ['LaunchFailed', 'AwsNotYetConsistent'];

/** The instance of the server; where there is none yet, why. */
async function launchIfRoom(
  services: Services,
  plan: Plan,
  input: BringUpInput,
  image: string,
): Promise<string | Failure> {
  const { configuration: before, volumes } = await captured(services, input);
  const policy = userDataPolicyOf(plan, input.server);
  const configuration = { ...before, userData: userDataOf(before, policy) };
  const { interfaces, unmapped } = mapNetwork(input.server, configuration, plan.recovery);
  if (unmapped.length > 0) {
    throw new Failure(
      'LaunchFailed',
      `Server ${input.server} of plan ${plan.name} cannot be launched: ${unmapped.join('; ')}. Map them and deploy.`,
    );
  }
  const rungs = rungsOf(configuration.instanceType, interfaces, plan.recovery);
  try {
    const owner = ownerOf(input, purposesOf(input.operation).server);
    const rate = plan.recovery.hydration?.mibPerSecond;
    const hydration = rate === undefined ? undefined : { devices: Object.keys(volumes), mibPerSecond: rate };
    const askedAt = services.now();
    const capacity = await capacityFor(services, plan.recovery.region, {
      ...{ configuration, rungs },
      capacity: capacityOf(plan, input.server),
    });
    const { instance, rung, isHydrated, outside } = await climb(services, input, {
      region: plan.recovery.region,
      image,
      configuration,
      rungs,
      owner,
      hydration,
      capacity,
    });
    const launched = { server: input.server, reached: 'started' as const };
    await services.catalogue.addEvent(input.operation, services.now(), `launched as ${instance}`, launched);
    await noteLeft(services, input, { configuration, rung: rungs[rung], isFirst: rung === 0 });
    if (outside !== undefined) await noteOutside(services, input, capacity.policy, outside);
    if (configuration.userData !== before.userData) await noteUserData(services, input, policy);
    const seconds = isHydrated === true ? hydrationSeconds(Object.values(volumes), rate ?? 0) : undefined;
    await services.catalogue.updateOperationEntry(input, 'servers', input.server, {
      ...{ image, instance },
      ...(seconds === undefined ? {} : { hydratedBy: new Date(askedAt.getTime() + seconds * 1_000).toISOString() }),
    });
    return instance;
  } catch (error) {
    if (error instanceof Failure && waitedFor.includes(error.code)) return error;
    throw error;
  }
}

/** Base64, as AWS takes it. */
function userDataOf({ userData }: LaunchConfiguration, policy: UserDataPolicy): string | null {
  if (policy === 'keep') return userData;
  return policy === 'suppress' ? null : Buffer.from(policy.replace).toString('base64');
}

/** That it was done, and nothing of what is in it. */
async function noteUserData(services: Services, { operation, server }: BringUpInput, policy: UserDataPolicy) {
  const what = policy === 'suppress' ? 'without its user data' : 'with the user data of the plan';
  await services.catalogue.addEvent(operation, services.now(), `server ${server} was launched ${what}`);
}

async function noteOutside(
  services: Services,
  { operation, server }: BringUpInput,
  reservation: string,
  why: string,
): Promise<void> {
  const note = `server ${server} was launched outside of capacity reservation ${reservation}, which ${why}`;
  await services.catalogue.addEvent(operation, services.now(), note);
}

/** What the server has been launched without, and where else than the plan wants it. */
async function noteLeft(
  services: Services,
  input: BringUpInput,
  { configuration, rung, isFirst }: { configuration: LaunchConfiguration; rung: Rung | undefined; isFirst: boolean },
): Promise<void> {
  const say = (note: string) => services.catalogue.addEvent(input.operation, services.now(), note);
  if (rung !== undefined && !isFirst)
    await say(`server ${input.server} was launched as ${rungLine(rung)}, for want of room before`);
  const { left } = ofType(configuration, rung?.instanceType ?? configuration.instanceType);
  const without = [...(configuration.settings?.notCarried ?? []), ...left];
  if (without.length > 0) await say(`server ${input.server} was launched without ${without.join('; ')}`);
}

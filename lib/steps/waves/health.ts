import { ec2Client, lambdaClient } from '../../aws/clients.ts';
import { z } from 'zod';
import { invokeFunction } from '../../aws/functions.ts';
import { healthyInstances, type InstanceFacts, isEnding } from '../../aws/instances.ts';
import type { Site } from '../../domain/catalogue.ts';
import { isDrill } from '../../domain/drill.ts';
import { Failure } from '../../domain/failure.ts';
import type { Plan } from '../../domain/plan.ts';
import { nextPromptPoll, pollingSeconds, pollSchema } from '../../domain/poll.ts';
import { isProceeding } from '../../domain/question.ts';
import { environment } from '../../names.ts';
import { askFirst, type MayAsk } from '../operation/ask-first.ts';
import { contextSchema, type Services } from '../services.ts';
import { type Probe, probeAnswerSchema } from './probe.ts';
import { instancesOf, regionOf, siteSchema } from './site.ts';

export const healthSchema = contextSchema.extend({ wave: z.number().int(), site: siteSchema, poll: pollSchema });
type HealthInput = z.infer<typeof healthSchema>;

/** Functions that probe: from outside by public addresses, and inside a plan's own recovery or drill network by private ones. */
const functionOfPlan = z.record(z.string(), z.string());
const probersSchema = z.object({ outside: z.string(), inside: functionOfPlan, drill: functionOfPlan });

/**
 * The health gate of one wave: all its servers run, pass AWS's status checks, and answer the plan's probes.
 * Where it does not open in time, and the plan has a question for that, people are asked.
 * @throws Failure WaveUnhealthy, LaunchFailed
 */
export async function health(services: Services, input: HealthInput): Promise<MayAsk> {
  const plan = await services.planOf(input);
  await services.proveEpoch(input);
  await services.catalogue.progress(input, { progression: `wave ${input.wave}` }, services.now());
  const servers = Object.keys(plan.servers).filter((name) => plan.servers[name]?.wave === input.wave);
  const instances = await instancesOf(services, input, input.site, servers);
  refuseDead(plan, instances);
  const { problems, seen } = await look(services, plan, input, { servers, instances });
  const withinSeconds = Math.max(...servers.map((name) => plan.servers[name]?.health.withinSeconds ?? 0));
  const next = nextPromptPoll(input.poll, problems.length === 0, services.now());
  if (problems.length === 0) await noteHealthy(services, input, seen);
  if (problems.length === 0 || (await mayGoOn(services, plan, input))) return { ...next, done: true };
  if (pollingSeconds(input.poll, services.now()) <= withinSeconds) return next;
  const trouble = `Wave ${input.wave} of plan ${plan.name} is not healthy in ${regionOf(plan, input.site)} after ${withinSeconds} s: ${problems.join('; ')}.`;
  const asking = await askFirst(services, input, {
    key: keyOf(input),
    text: `${trouble} Shall the operation go on with them as they are?`,
    rule: rulesAt(plan, input.site)?.unhealthy,
    mayWait: true,
  });
  if (asking !== undefined) return asking;
  throw new Failure('WaveUnhealthy', `${trouble} The operation is undone; look at the servers and their services.`);
}

function rulesAt({ failover, failback }: Plan, site: Site) {
  return site === 'recovery' ? failover.questions : failback.questions;
}

function keyOf({ wave }: HealthInput): string {
  return `wave-${wave}`;
}

/** Whether somebody said to go on with the wave as it is. */
async function mayGoOn({ catalogue }: Services, plan: Plan, input: HealthInput): Promise<boolean> {
  if (rulesAt(plan, input.site)?.unhealthy === undefined) return false;
  const { questions } = await catalogue.operationOf(input);
  return isProceeding(questions[keyOf(input)]);
}

function refuseDead(plan: Plan, instances: ReadonlyMap<string, InstanceFacts>): void {
  const dead = [...instances].find(([, instance]) => isEnding(instance));
  if (dead === undefined) return;
  const [server, { state, stateReason }] = dead;
  throw new Failure('LaunchFailed', `Server ${server} of plan ${plan.name} is ${state}: ${stateReason}`);
}

/** What keeps the gate shut; where nothing does, how each server was seen to be healthy. */
interface Look {
  readonly problems: readonly string[];
  readonly seen: ReadonlyMap<string, string>;
}

const shut = (problems: readonly string[]): Look => ({ problems, seen: new Map() });

/** Status checks first; servers are probed once all pass, since nothing listens before. */
async function look(
  services: Services,
  plan: Plan,
  input: HealthInput,
  { servers, instances }: { servers: readonly string[]; instances: ReadonlyMap<string, InstanceFacts> },
): Promise<Look> {
  const unseen = servers.filter((name) => !instances.has(name));
  if (unseen.length > 0) return shut(unseen.map((name) => `${name} is not visible yet`));
  const ids = [...instances.values()].map(({ id }) => id);
  const healthy = await healthyInstances(services.client(ec2Client, regionOf(plan, input.site)), ids);
  const waiting = [...instances].filter(([, { id }]) => !healthy.has(id)).map(([name]) => name);
  if (waiting.length > 0) return shut(waiting.map((name) => `${name} does not pass the instance status checks`));

  const isInside = input.site === 'recovery' && plan.probes !== undefined;
  const { probes, unreachable } = probesOf(plan, instances, isInside);
  const isOfDrill = isDrill(input.operation);
  if (unreachable.length > 0 && input.site === 'recovery' && !isOfDrill)
    return shut(
      unreachable.map((name) => `${name} has no public address to be probed at, and the plan has no probes network`),
    );
  const probers = probersSchema.parse(JSON.parse(services.setting(environment.probers)));
  const prober = isInside ? probers[isOfDrill ? 'drill' : 'inside'][plan.name] : probers.outside;
  const problems =
    probes.length === 0
      ? []
      : probeAnswerSchema.parse(await invokeFunction(services.client(lambdaClient), prober ?? '', { probes })).problems;
  if (problems.length === 0) await noteUnprobed(services, input, unreachable);
  return {
    problems,
    seen: new Map(servers.map((name) => [name, seenBy(probes.find(({ server }) => server === name))])),
  };
}

function seenBy(probe: Probe | undefined): string {
  const { tcp, http } = probe ?? {};
  const answers = [
    ...(tcp === undefined ? [] : [`TCP ${tcp}`]),
    ...(http === undefined ? [] : [`GET :${http.port}${http.path} with ${http.status}`]),
  ];
  return `passed the status checks${answers.length === 0 ? '' : ` and answered ${answers.join(' and ')}`}`;
}

async function noteHealthy(
  { catalogue, now }: Services,
  { operation }: HealthInput,
  seen: Look['seen'],
): Promise<void> {
  for (const [server, how] of seen)
    await catalogue.addEvent(operation, now(), `${server} ${how}`, { server, reached: 'healthy' });
}

/** At home, and in a drill without probes of its own, a server without a public address is out of reach: its status checks must do, and that is said. */
async function noteUnprobed(services: Services, input: HealthInput, unprobed: readonly string[]): Promise<void> {
  if (unprobed.length === 0) return;
  const note = `${unprobed.join(', ')} passed the status checks and could not be probed: no public address`;
  await services.catalogue.addEvent(input.operation, services.now(), note);
}

function probesOf(
  plan: Plan,
  instances: ReadonlyMap<string, InstanceFacts>,
  isInside: boolean,
): { probes: Probe[]; unreachable: string[] } {
  const probes: Probe[] = [];
  const unreachable: string[] = [];
  for (const [server, { privateAddress, publicAddress }] of instances) {
    const { tcp, http } = plan.servers[server]?.health ?? {};
    if (tcp === undefined && http === undefined) continue;
    const address = isInside ? privateAddress : publicAddress;
    const asked = { ...(tcp === undefined ? {} : { tcp }), ...(http === undefined ? {} : { http }) };
    if (address === undefined) unreachable.push(server);
    else probes.push({ server, address, ...asked });
  }
  return { probes, unreachable };
}

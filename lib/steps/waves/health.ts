import * as z from 'zod';
import { isEnding } from '../../aws/instances.ts';
import { tagValue } from '../../aws/tags.ts';
import type { Operation } from '../../domain/catalogue.ts';
import { Failure, isTransientCode } from '../../domain/failure.ts';
import { isMissing, isOptional, mayBeMissing, unhealthyRule } from '../../domain/left-out.ts';
import type { Plan } from '../../domain/plan.ts';
import { nextPromptPoll, pollingSeconds, pollSchema } from '../../domain/poll.ts';
import { isProceeding } from '../../domain/question.ts';
import { printable } from '../../domain/quoted.ts';
import { launchedBy } from '../failover/launched.ts';
import { askFirst, type MayAsk } from '../operation/ask-first.ts';
import { contextSchema, type Services } from '../services.ts';
import { refuseNotBroughtUp } from './bring-up.ts';
import { leaveOut } from './leave-out.ts';
import { type Problems, problemsOf } from './problems.ts';
import { instancesOf, regionOf, siteSchema } from './site.ts';

export const healthSchema = contextSchema.extend({ wave: z.number().int(), site: siteSchema, poll: pollSchema });
type HealthInput = z.infer<typeof healthSchema>;

/** Characters of what is said of a wave: it has to fit into an item, beside what is kept of each server. */
const saidMax = 2_000;

/**
 * The health gate of one wave: its servers run, pass AWS's status checks, and answer the plan's probes; each optional one within its own time, or it
 * is left as it is. Where the gate does not open in time, and the plan has a question for that, people are asked.
 * @throws Failure WaveUnhealthy, LaunchFailed
 */
export async function health(services: Services, input: HealthInput): Promise<MayAsk> {
  const plan = await services.planOf(input);
  await services.proveEpoch(input);
  await services.catalogue.progress(input, { progression: `wave ${input.wave}` }, services.now());
  const { missing, unfinished, unhealthy, healthy } = await lookAtWave(services, plan, input);
  const waitedSeconds = pollingSeconds(input.poll, services.now());
  const isWaitedFor = (server: string) => !isOptional(plan, server) || waitedSeconds <= patienceSeconds(plan, server);
  const waitedFor = [...unhealthy.keys()].filter(isWaitedFor);
  const inTheWay = [...missing.keys(), ...unfinished.keys()].filter((server) => !isOptional(plan, server));
  const isOpen = waitedFor.length + inTheWay.length === 0;
  const next = nextPromptPoll(input.poll, isOpen, services.now());
  if (isOpen || (await mayGoOn(services, plan, input))) {
    for (const [server, why] of [...unfinished, ...unhealthy])
      await leaveOut(services, input, server, { isRunning: true, why });
    await refuseEmpty(services, plan, input);
    await noteHealthy(services, input, healthy);
    return { ...next, done: true };
  }
  const required = serversOf(plan, input).filter((server) => !isOptional(plan, server) || waitedFor.includes(server));
  const withinSeconds = waitedFor.length === 0 ? 0 : patienceSeconds(plan, ...required);
  if (waitedSeconds <= withinSeconds) return next;
  const after = withinSeconds === 0 ? '' : ` after ${withinSeconds} s`;
  const problems = printable([...missing, ...unfinished, ...unhealthy].map(([, why]) => why).join('; '), saidMax);
  const trouble = `Wave ${input.wave} of plan ${plan.name} is not healthy in ${regionOf(plan, input.site)}${after}: ${problems}.`;
  const asking = await askFirst(services, input, {
    key: keyOf(input),
    text: `${trouble} Shall the operation go on with them as they are?`,
    rule: unhealthyRule(plan, input.site),
    // Nothing launches again what could not be launched.
    mayWait: inTheWay.length === 0,
  });
  if (asking !== undefined) return asking;
  throw new Failure('WaveUnhealthy', `${trouble} The operation is undone; look at the servers and their services.`);
}

function serversOf({ servers }: Plan, { wave }: HealthInput): string[] {
  return Object.keys(servers).filter((name) => servers[name]?.wave === wave);
}

function patienceSeconds({ servers }: Plan, ...names: string[]): number {
  return Math.max(...names.map((name) => servers[name]?.health.withinSeconds ?? 0));
}

function keyOf({ wave }: HealthInput): string {
  return `wave-${wave}`;
}

/** Whether somebody said to go on with the wave as it is. */
async function mayGoOn({ catalogue }: Services, plan: Plan, input: HealthInput): Promise<boolean> {
  if (unhealthyRule(plan, input.site) === undefined) return false;
  const { questions } = await catalogue.operationOf(input);
  return isProceeding(questions[keyOf(input)]);
}

interface Look {
  /** Servers that could not be brought up. */
  readonly missing: Problems;
  /** Servers that run, and of which something could not be done after they were launched. */
  readonly unfinished: Problems;
  /** Others that run. */
  readonly unhealthy: Problems;
  /** Of the others, how they were seen to be healthy. */
  readonly healthy: Problems;
}

/** What is wrong with which servers of the wave. One that has come to its end counts as not brought up, where that may be. */
async function lookAtWave(services: Services, plan: Plan, input: HealthInput): Promise<Look> {
  const servers = serversOf(plan, input);
  const operation = await services.catalogue.operationOf(input);
  const missing = new Map<string, string>();
  const unfinished = new Map<string, string>();
  const troubled = servers.flatMap((server) => {
    const why = whyNotUp(plan, input, operation, server);
    return why === undefined ? [] : [[server, why] as const];
  });
  const running = troubled.length === 0 || input.site === 'primary' ? new Set() : await runningServers(services, input);
  for (const [server, why] of troubled) {
    if (running.has(server)) unfinished.set(server, `${server} runs, and is not finished: ${why}`);
    else missing.set(server, `${server} could not be brought up: ${why}`);
    const isNoted = operation.leftOut[server] !== undefined;
    if (missing.has(server) && !isNoted) await leaveOut(services, input, server, { isRunning: false, why });
  }
  const present = servers.filter((server) => !missing.has(server) && !unfinished.has(server));
  refuseNotBroughtUp(operation, present);
  const instances = await instancesOf(services, input, input.site, present);
  for (const [server, { state, stateReason }] of [...instances].filter(([, instance]) => isEnding(instance))) {
    const why = `Server ${server} of plan ${plan.name} is ${state}: ${stateReason}`;
    if (!mayBeMissing(plan, operation, input.site, server)) throw new Failure('LaunchFailed', why);
    await leaveOut(services, input, server, { isRunning: false, why });
    missing.set(server, why);
    instances.delete(server);
  }
  const probed = present.filter((server) => !missing.has(server));
  return { missing, unfinished, ...(await problemsOf(services, plan, input, { servers: probed, instances })) };
}

/** Why a server without which the operation may go on was not brought up; `undefined` for all others. */
function whyNotUp(plan: Plan, { site }: HealthInput, operation: Operation, server: string) {
  const { leftOut, broughtUp } = operation;
  const found = leftOut[server];
  if (found !== undefined) return found.isRunning ? undefined : found.why;
  if (broughtUp === undefined || !mayBeMissing(plan, operation, site, server)) return undefined;
  const ended = broughtUp[server];
  if (ended === undefined) return 'its step broke off';
  return ended.failure !== null && isTransientCode(ended.failure.code) ? ended.failure.message : undefined;
}

/** Those that the operation launched and that users may have written to, whatever went wrong with them after that. */
async function runningServers(services: Services, input: HealthInput): Promise<ReadonlySet<string>> {
  const launched = await launchedBy(services, input);
  const running = launched.filter(({ state }) => state === 'running' || state === 'pending');
  return new Set(running.flatMap(({ raw }) => tagValue(raw.Tags, 'server') ?? []));
}

async function noteHealthy({ catalogue, now }: Services, { operation }: HealthInput, seen: Problems): Promise<void> {
  for (const [server, how] of seen)
    await catalogue.addEvent(operation, now(), `${server} ${how}`, { server, reached: 'healthy' });
}

/** Where nothing could be brought up there is nobody to serve. */
async function refuseEmpty(services: Services, plan: Plan, input: HealthInput): Promise<void> {
  const operation = await services.catalogue.operationOf(input);
  if (!Object.keys(plan.servers).every((server) => isMissing(operation, server))) return;
  throw new Failure(
    'LaunchFailed',
    `No server of plan ${plan.name} could be brought up. Look at the events of the operation.`,
  );
}

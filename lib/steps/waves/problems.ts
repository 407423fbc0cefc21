import * as z from 'zod';
import { ec2Client, lambdaClient } from '../../aws/clients.ts';
import { invokeFunction } from '../../aws/functions.ts';
import { healthyInstances, type InstanceFacts } from '../../aws/instances.ts';
import type { Site } from '../../domain/catalogue.ts';
import { isDrill } from '../../domain/drill.ts';
import { isOptional } from '../../domain/left-out.ts';
import type { Plan } from '../../domain/plan.ts';
import { environment } from '../../names.ts';
import type { Context, Services } from '../services.ts';
import { commandProblem } from './commands.ts';
import { type Probe, probeAnswerSchema } from './probe.ts';
import { regionOf } from './site.ts';

/** What is said of servers, by name. */
export type Problems = ReadonlyMap<string, string>;

/** What is wrong, in words that name the server; and how those were seen to be healthy of which nothing is. */
export interface Found {
  readonly unhealthy: Problems;
  readonly healthy: Problems;
}

/** Functions that probe: from outside by public addresses, and inside a plan's own recovery or drill network by private ones. */
const functionOfPlan = z.record(z.string(), z.string());
const probersSchema = z.object({ outside: z.string(), inside: functionOfPlan, drill: functionOfPlan });

interface Wave {
  readonly servers: readonly string[];
  /** As far as they are visible. */
  readonly instances: ReadonlyMap<string, InstanceFacts>;
}

type Where = Context & { readonly site: Site };

/** Status checks first; servers are probed once all that are required pass, since nothing listens before, and asked by their commands once they answer. */
export async function problemsOf(
  services: Services,
  plan: Plan,
  where: Where,
  { servers, instances }: Wave,
): Promise<Found> {
  const problems = new Map<string, string>();
  const shut: Found = { unhealthy: problems, healthy: new Map() };
  const add = (names: readonly string[], what: string) => {
    for (const name of names) problems.set(name, `${name} ${what}`);
    return [...problems.keys()].some((name) => !isOptional(plan, name));
  };
  const passing = () => [...instances].filter(([name]) => !problems.has(name));
  const unseen = servers.filter((name) => !instances.has(name));
  if (add(unseen, 'is not visible yet') || instances.size === 0) return shut;
  const ids = [...instances.values()].map(({ id }) => id);
  const healthy = await healthyInstances(services.client(ec2Client, regionOf(plan, where.site)), ids);
  const waiting = passing().filter(([, { id }]) => !healthy.has(id));
  const failing = waiting.map(([name]) => name);
  if (add(failing, 'does not pass the instance status checks')) return shut;

  const isInside = where.site === 'recovery' && plan.probes !== undefined;
  const { probes, unreachable } = probesOf(plan, passing(), isInside);
  const isOutOfReach = where.site === 'recovery' && !isDrill(where.operation);
  const noWay = 'has no public address to be probed at, and the plan has no probes network';
  if (isOutOfReach && add(unreachable, noWay)) return shut;
  for (const { server, problem } of await probe(services, where, probes, isInside)) problems.set(server, problem);
  const region = regionOf(plan, where.site);
  for (const [server, { id: instance }] of passing()) {
    const { commands } = plan.servers[server]?.health ?? {};
    if (commands === undefined) continue;
    const problem = await commandProblem(services, where, { region, server, instance, commands });
    if (problem !== undefined) add([server], problem);
  }
  if (problems.size === 0) await noteUnprobed(services, where, unreachable);
  const seen = passing().map(([name]) => {
    const commands = plan.servers[name]?.health.commands;
    return [
      name,
      seenBy(
        probes.find(({ server }) => server === name),
        commands !== undefined,
      ),
    ] as const;
  });
  return { unhealthy: problems, healthy: new Map(seen) };
}

function seenBy(asked: Probe | undefined, isCommanded: boolean): string {
  const { tcp, http } = asked ?? {};
  const answers = [
    ...(tcp === undefined ? [] : [`TCP ${tcp}`]),
    ...(http === undefined ? [] : [`GET :${http.port}${http.path} with ${http.status}`]),
    ...(isCommanded ? ['its commands'] : []),
  ];
  return `passed the status checks${answers.length === 0 ? '' : ` and answered ${answers.join(' and ')}`}`;
}

async function probe(services: Services, { plan, operation }: Where, probes: readonly Probe[], isInside: boolean) {
  if (probes.length === 0) return [];
  const probers = probersSchema.parse(JSON.parse(services.setting(environment.probers)));
  const prober = isInside ? probers[isDrill(operation) ? 'drill' : 'inside'][plan] : probers.outside;
  const answer = await invokeFunction(services.client(lambdaClient), prober ?? '', { probes });
  return probeAnswerSchema.parse(answer).problems;
}

/** At home, and in a drill without probes of its own, a server without a public address is out of reach: its status checks must do, and that is said. */
async function noteUnprobed(services: Services, { operation }: Where, unprobed: readonly string[]): Promise<void> {
  if (unprobed.length === 0) return;
  const note = `${unprobed.join(', ')} passed the status checks and could not be probed: no public address`;
  await services.catalogue.addEvent(operation, services.now(), note);
}

function probesOf(
  plan: Plan,
  instances: readonly (readonly [string, InstanceFacts])[],
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

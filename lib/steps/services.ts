import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { Catalogue } from '../aws/catalogue.ts';
import { type Clients, createClients, dynamodbClient, sfnClient } from '../aws/clients.ts';
import { isRunning } from '../aws/executions.ts';
import type { Operation, PlanState } from '../domain/catalogue.ts';
import { asDrill, asHomeDrill, isDrill, isHomeDrill } from '../domain/drill.ts';
import { Failure } from '../domain/failure.ts';
import { atHome } from '../domain/homes.ts';
import { withMembers } from '../domain/members.ts';
import type { Plan } from '../domain/plan.ts';
import { quoted } from '../domain/quoted.ts';
import { environment } from '../names.ts';

/** Names the operation on whose behalf a step works; every step gets it. Ids only, never documents. */
export const contextSchema = z.object({ plan: z.string(), operation: z.string(), epoch: z.number().int() });
export type Context = z.infer<typeof contextSchema>;

/** What a step works with. */
export interface Services {
  readonly client: Clients;
  readonly catalogue: Catalogue;
  now(): Date;
  plans(): readonly Plan[];
  /** @throws Failure UnknownPlan */
  plan(name: string): Plan;
  /**
   * The plan as an operation works on it: with the servers that its groups had picked for the operation's recovery point, each as the instance that it is at home, and for a
   * drill with the drill's network. @throws Failure UnknownPlan, UnknownRecoveryPoint
   */
  planOf(operation: Pick<Context, 'plan' | 'operation'>): Promise<Plan>;
  /** I6: called before anything is changed. @throws Failure StaleEpoch, DrillOvertaken */
  proveEpoch(context: Context): Promise<PlanState>;
  /** Whether an execution of a state machine, named by its ARN, is under way. */
  isRunning(execution: string): Promise<boolean>;
  /** An environment variable of the Lambda. */
  setting(name: string): string;
}

/** Services of the Lambda this code runs in: plans packed beside the code, names from the environment. */
export function createServices(taskRoot: string): Services {
  const plans = new Map(
    (JSON.parse(readFileSync(join(taskRoot, 'plans.json'), 'utf8')) as Plan[]).map((plan) => [plan.name, plan]),
  );
  const client = createClients();
  const setting = (name: string): string => {
    const value = process.env[name];
    if (value === undefined)
      throw new Failure('BrokenInvariant', `The function has no environment variable ${name}. Deploy the stack again.`);
    return value;
  };
  let catalogue: Catalogue | undefined;
  const now = () => new Date();
  return {
    client,
    get catalogue() {
      catalogue ??= new Catalogue(setting(environment.table), client(dynamodbClient));
      return catalogue;
    },
    now,
    setting,
    plans: () => [...plans.values()],
    plan(name) {
      const plan = plans.get(name);
      if (plan !== undefined) return plan;
      throw new Failure(
        'UnknownPlan',
        `There is no plan ${quoted(name)} in this Region. Deployed plans: ${[...plans.keys()].join(', ')}.`,
      );
    },
    async planOf(context) {
      const whole = this.plan(context.plan);
      if (isDrill(context.operation)) {
        const operation = await this.catalogue.operationOf(context);
        return withPicked(this.catalogue, isHomeDrill(operation) ? asHomeDrill(whole) : asDrill(whole), operation);
      }
      const hasGroups = Object.keys(whole.groups).length > 0;
      const plan = hasGroups
        ? await withPicked(this.catalogue, whole, await this.catalogue.operationOf(context))
        : whole;
      return plan.failback.newServers === undefined
        ? plan
        : atHome(plan, (await this.catalogue.state(plan.name)).homes);
    },
    isRunning: (execution) => isRunning(client(sfnClient), execution),
    async proveEpoch(context) {
      if (isDrill(context.operation)) return proveDrill(this.catalogue, context);
      return this.catalogue.changeState(context, { kind: 'renew', now: now() });
    },
  };
}

/** With the servers that the groups of the plan had picked for the recovery point of an operation. */
async function withPicked(catalogue: Catalogue, plan: Plan, { recoveryPoint }: Operation): Promise<Plan> {
  // An operation that is undone before it was recorded has done nothing yet.
  if (Object.keys(plan.groups).length === 0 || recoveryPoint === null) return plan;
  const point = await catalogue.pointHeader(plan.name, recoveryPoint);
  if (point !== undefined) return withMembers(plan, point.members);
  throw new Failure(
    'UnknownRecoveryPoint',
    `Recovery point ${recoveryPoint} of plan ${plan.name} is gone, and with it which servers its groups had picked. Choose another point.`,
  );
}

/** A drill goes on only while production is where it was and nobody moves it: a failover needs the room that it takes. */
async function proveDrill(catalogue: Catalogue, context: Context): Promise<PlanState> {
  await catalogue.proveDrill(context);
  const state = await catalogue.state(context.plan);
  const { phase, lease } = state;
  const { resting, looking } = drillable[isHomeDrill(await catalogue.operationOf(context)) ? 'failback' : 'failover'];
  // While production is away a protect run would take the place of what the drill launches.
  if (phase === resting && (phase === 'protected' || lease === null)) return state;
  // One that changes nothing that the drill needs.
  const mover = lease === null ? undefined : await catalogue.operation(context.plan, lease.operation);
  if (phase === looking.phase && looking.extents.some((extent) => extent === mover?.extent)) return state;
  throw new Failure(
    'DrillOvertaken',
    `Plan ${context.plan} is ${phase} by now${lease === null ? '' : ` and held by ${lease.operation}`}: its drill makes room and is taken down. Drill again once production rests.`,
  );
}

/** When a drill of either way goes on: while the plan rests, and while somebody only looks what the real thing would do, or pays an owed fence. */
const drillable = {
  failover: { resting: 'protected', looking: { phase: 'failing-over', extents: ['dry-run'] } },
  failback: { resting: 'recovered', looking: { phase: 'failing-back', extents: ['estimate', 'fence'] } },
} as const;

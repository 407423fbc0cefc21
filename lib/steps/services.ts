import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Catalogue } from '../aws/catalogue.ts';
import { type Clients, createClients, dynamodbClient, sfnClient } from '../aws/clients.ts';
import { isRunning } from '../aws/executions.ts';
import type { PlanState } from '../domain/catalogue.ts';
import { Failure } from '../domain/failure.ts';
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
  /** I6: called before anything is changed. @throws Failure StaleEpoch */
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
    isRunning: (execution) => isRunning(client(sfnClient), execution),
    proveEpoch(context) {
      return this.catalogue.changeState(context, { kind: 'renew', now: now() });
    },
  };
}

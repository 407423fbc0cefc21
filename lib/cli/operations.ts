import { Catalogue } from '../aws/catalogue.ts';
import { describeExecution, startExecution } from '../aws/executions.ts';
import type { OperatorClients } from '../aws/operator-clients.ts';
import { readStackOutputs } from '../aws/stack-outputs.ts';
import type { Plan } from '../domain/plan.ts';
import { outputs, stackName } from '../names.ts';
import { UserError } from './plans.ts';

/** What the command line needs of its surroundings, so that it can be run anywhere. */
export interface Console {
  print(line: string): void;
  pause(seconds: number): Promise<void>;
  /** A name that was never given before. */
  newName(): string;
  clients(region: string): OperatorClients;
}

export interface StartRequest {
  readonly kind: 'failover' | 'failback';
  readonly plan: Plan;
  readonly input: Readonly<Record<string, unknown>>;
}

const lookEverySeconds = 5;

/** Starts an operation as the Step Functions console would, follows it, and returns whether it succeeded. */
export async function runOperation(console: Console, { kind, plan, input }: StartRequest): Promise<boolean> {
  const clients = console.clients(plan.recovery.region);
  const stack = await readStackOutputs(clients.cloudformation, stackName(plan.recovery.region));
  const stateMachine = stack.get(kind === 'failover' ? outputs.failoverMachineArn : outputs.failbackMachineArn);
  const table = stack.get(outputs.tableName);
  if (stateMachine === undefined || table === undefined)
    throw new UserError(`Stack ${stackName(plan.recovery.region)} is of another version. Deploy it again.`);
  const name = `cli-${console.newName()}`;
  const arn = await startExecution(clients.sfn, {
    stateMachine,
    name,
    input: JSON.stringify({ ...input, plan: plan.name, trigger: 'cli' }),
  });
  console.print(`started ${arn}`);
  const catalogue = new Catalogue(table, clients.dynamodb);
  let shown = '';
  for (;;) {
    const execution = await describeExecution(clients.sfn, arn);
    const operation = await catalogue.operation(plan.name, `${kind}-${name}`);
    if (operation !== undefined && operation.progression !== shown) console.print(operation.progression);
    shown = operation?.progression ?? shown;
    if (execution.status === 'RUNNING') {
      await console.pause(lookEverySeconds);
      continue;
    }
    if (operation?.estimate !== undefined && operation.estimate !== null) {
      const { changedBlocks, gib, minutes, dollars } = operation.estimate;
      console.print(`estimate: ${changedBlocks} changed blocks (${gib} GiB), about ${minutes} minutes and $${dollars}`);
    }
    if (execution.status === 'SUCCEEDED') console.print(`${kind} of plan ${plan.name} succeeded`);
    else
      console.print(
        `${kind} of plan ${plan.name} ended ${execution.status}: ${execution.error ?? ''} ${operation?.cause ?? execution.cause ?? ''}`.trim(),
      );
    return execution.status === 'SUCCEEDED';
  }
}

/** Says where a plan stands. */
export async function showStatus(console: Console, plan: Plan): Promise<void> {
  const clients = console.clients(plan.recovery.region);
  const stack = await readStackOutputs(clients.cloudformation, stackName(plan.recovery.region));
  const catalogue = new Catalogue(stack.get(outputs.tableName) ?? '', clients.dynamodb);
  const state = await catalogue.state(plan.name);
  const points = await catalogue.points(plan.name);
  const newest = points.filter(({ status }) => status === 'available').at(-1);
  console.print(`plan ${plan.name}: ${state.phase}, active site ${state.activeSite}, epoch ${state.epoch}`);
  console.print(
    `fence: ${state.fence === null ? 'none' : `${state.fence.site} ${state.fence.status} since ${state.fence.since}`}`,
  );
  console.print(
    `operation: ${state.lease === null ? 'none' : `${state.lease.operation}, lease until ${state.lease.until}`}`,
  );
  console.print(
    `newest available recovery point: ${newest === undefined ? 'none' : `${newest.id} (started ${newest.startedAt})`}`,
  );
}

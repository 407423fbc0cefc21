import { Catalogue } from '../aws/catalogue.ts';
import { describeExecution, startExecution } from '../aws/executions.ts';
import type { OperatorClients } from '../aws/operator-clients.ts';
import { readStackOutputs } from '../aws/stack-outputs.ts';
import type { Operation, OperationKind, PlanState, RecoveryPoint } from '../domain/catalogue.ts';
import { choiceLines } from '../domain/choice.ts';
import { isHomeDrill } from '../domain/drill.ts';
import { estimateLines } from '../domain/estimate.ts';
import { describeFailure } from '../domain/failure.ts';
import { fenceLine } from '../domain/fence.ts';
import { fullPerformanceSeconds } from '../domain/hydration.ts';
import { warningsOf } from '../domain/left-out.ts';
import { nameOf } from '../domain/operation-name.ts';
import { keptLine, keptReturns, untilWords } from '../domain/kept.ts';
import type { Plan } from '../domain/plan.ts';
import { lastQuestion, questionLine } from '../domain/question.ts';
import type { Readiness } from '../domain/readiness.ts';
import { printable } from '../domain/quoted.ts';
import { cameHomeAt } from '../domain/rpo.ts';
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

/** What a person may start; a drill runs in the state machine of failovers, an accept in that of failbacks. */
type StartKind = Exclude<OperationKind, 'protect'>;

export interface StartRequest {
  readonly kind: StartKind;
  readonly plan: Plan;
  readonly input: Readonly<Record<string, unknown>>;
}

const lookEverySeconds = 5;

/** Starts an operation as the Step Functions console would, follows it, and returns whether it succeeded. */
export async function runOperation(console: Console, request: StartRequest): Promise<boolean> {
  const { kind, plan } = request;
  const execution = await startOperation(console, request);
  console.print(`started ${execution}`);
  return followOperation(console, { kind, plan, execution });
}

/** Lets alarms start failovers of a plan, or start none, as the Step Functions console would. */
export function switchAutomatic(console: Console, plan: Plan, automatic: 'on' | 'off'): Promise<boolean> {
  const said = { done: `automatic failover of plan ${plan.name} is ${automatic}`, not: 'nothing was switched' };
  return tellMachine(console, { kind: 'failover', plan, input: { automatic } }, said);
}

export interface AnswerRequest {
  readonly plan: Plan;
  readonly answer: string;
  readonly because: string | undefined;
  /** Who answers. */
  readonly by: string;
}

/** Answers what the operation of a plan waits for, as the Step Functions console would. @throws UserError when no operation is under way */
export async function answerQuestion(console: Console, { plan, answer, because, by }: AnswerRequest): Promise<boolean> {
  const { lease } = await (await catalogueOf(console, plan)).state(plan.name);
  if (lease === null || lease.kind === 'protect' || lease.kind === 'accept')
    throw new UserError(`Nothing of plan ${plan.name} waits for an answer: no failover or failback is under way.`);
  const input = { answer, ...(because === undefined ? {} : { because }), trigger: by };
  const said = { done: `${lease.operation} was answered ${answer}`, not: 'nothing was answered' };
  return tellMachine(console, { kind: lease.kind, plan, input }, said);
}

/** Starts an execution that ends at once, waits for its end, and says how it ended. Returns whether it succeeded. */
async function tellMachine(
  console: Console,
  request: StartRequest,
  said: { readonly done: string; readonly not: string },
): Promise<boolean> {
  const execution = await startOperation(console, request);
  const { sfn } = console.clients(request.plan.recovery.region);
  for (;;) {
    const { status, error, cause } = await describeExecution(sfn, execution);
    if (status === 'SUCCEEDED') console.print(printable(said.done));
    else if (status !== 'RUNNING') console.print(printable(`${said.not}: ${describeFailure(error, cause)}`));
    if (status !== 'RUNNING') return status === 'SUCCEEDED';
    await console.pause(lookEverySeconds);
  }
}

export async function catalogueOf(console: Console, plan: Plan): Promise<Catalogue> {
  const { cloudformation, dynamodb } = console.clients(plan.recovery.region);
  const stack = await readStackOutputs(cloudformation, stackName(plan.recovery.region));
  return new Catalogue(stack.get(outputs.tableName) ?? '', dynamodb);
}

const machineOf: Readonly<Record<StartKind, string>> = {
  failover: outputs.failoverMachineArn,
  drill: outputs.failoverMachineArn,
  failback: outputs.failbackMachineArn,
  accept: outputs.failbackMachineArn,
};

/** Returns the ARN of the execution. */
async function startOperation(console: Console, { kind, plan, input }: StartRequest): Promise<string> {
  const clients = console.clients(plan.recovery.region);
  const stack = await readStackOutputs(clients.cloudformation, stackName(plan.recovery.region));
  const stateMachine = stack.get(machineOf[kind]);
  if (stateMachine === undefined)
    throw new UserError(`Stack ${stackName(plan.recovery.region)} is of another version. Deploy it again.`);
  return startExecution(clients.sfn, {
    stateMachine,
    name: `cli-${console.newName()}`,
    input: JSON.stringify({ trigger: 'cli', ...input, plan: plan.name }),
  });
}

export interface FollowRequest {
  readonly kind: StartKind;
  readonly plan: Plan;
  /** ARN of its execution. */
  readonly execution: string;
}

/** Prints each step of an operation until it has ended. Returns whether it succeeded. */
export async function followOperation(console: Console, { kind, plan, execution }: FollowRequest): Promise<boolean> {
  const clients = console.clients(plan.recovery.region);
  const catalogue = await catalogueOf(console, plan);
  const shown = new Set<string>();
  const show = (line: string) => {
    if (!shown.has(line)) console.print(printable(line));
    shown.add(line);
  };
  for (;;) {
    const { status, error, cause } = await describeExecution(clients.sfn, execution);
    const operation = await catalogue.operation(plan.name, `${kind}-${execution.split(':').at(-1) ?? ''}`);
    const { recoveryPoint = null, choice } = operation ?? {};
    if (kind === 'failover' && recoveryPoint !== null && choice !== undefined)
      for (const line of choiceLines(recoveryPoint, choice)) show(line);
    if (operation?.newServers !== undefined) show(`comes home as new servers: ${operation.newServers.join(', ')}`);
    for (const { progression } of operation?.progressed ?? []) show(progression);
    if (operation !== undefined) for (const warning of warningsOf(operation)) show(`warning: ${warning}`);
    for (const question of Object.values(operation?.questions ?? {})) show(questionLine(question));
    if (operation?.estimate !== undefined && operation.estimate !== null)
      for (const line of estimateLines(operation.estimate)) show(line);
    if (kind === 'accept' && operation !== undefined)
      for (const { text } of await catalogue.events(operation.id)) show(text);
    if (operation !== undefined) for (const line of keptLine(operation)) show(line);
    if (status === 'SUCCEEDED' && operation !== undefined && operation.cause !== null) show(operation.cause);
    const name = nameOf(operation ?? { kind });
    if (status === 'SUCCEEDED') show(`${name} of plan ${plan.name} succeeded`);
    else if (status !== 'RUNNING')
      show(`${name} of plan ${plan.name} ended ${status}: ${operation?.cause ?? describeFailure(error, cause)}`);
    if (status !== 'RUNNING') return status === 'SUCCEEDED';
    await console.pause(lookEverySeconds);
  }
}

/** Says where a plan stands. */
export async function showStatus(console: Console, plan: Plan): Promise<void> {
  const catalogue = await catalogueOf(console, plan);
  const state = await catalogue.state(plan.name);
  const newest = await catalogue.newestAvailable(plan.name);
  console.print(`plan ${plan.name}: ${state.phase}, active site ${state.activeSite}, epoch ${state.epoch}`);
  console.print(`fence: ${fenceLine(state.fence)}`);
  console.print(
    `operation: ${state.lease === null ? 'none' : `${state.lease.operation}, lease until ${state.lease.until}`}`,
  );
  for (const [server, { instance, formerly }] of Object.entries(state.homes ?? {}))
    console.print(printable(`at home ${server} is ${instance}, formerly ${formerly.join(', ')}`));
  const operation = state.lease === null ? undefined : await catalogue.operation(plan.name, state.lease.operation);
  const [, question] = lastQuestion(operation?.questions ?? {}) ?? [];
  if (question?.answer === null)
    console.print(printable(`question: ${questionLine(question)} Answer: homeward answer ${plan.name} …`));
  const last = state.commit === null ? undefined : await catalogue.operation(plan.name, state.commit);
  if (last !== undefined)
    for (const warning of warningsOf(last)) console.print(printable(`warning of ${last.id}: ${warning}`));
  for (const line of await keptLines(catalogue, plan)) console.print(printable(line));
  for (const line of await awayLines(catalogue, plan, state)) console.print(printable(line));
  const full = last === undefined ? null : fullPerformanceSeconds(last);
  if (full !== null) console.print(`full performance of ${last?.id}: after ${Math.ceil(full / 60)} minutes at most`);
  const automatic = await catalogue.automaticSwitch(plan.name);
  if (automatic?.isOn === false)
    console.print(`automatic failover: off since ${automatic.since}, switched by ${printable(automatic.by)}`);
  for (const line of readinessLines(await catalogue.readiness(plan.name))) console.print(printable(line));
  for (const line of drillLines(await catalogue.operationsOf(plan.name, 'drill'))) console.print(printable(line));
  console.print(
    `newest available recovery point: ${newest === undefined ? 'none' : `${newest.id} (started ${newest.startedAt}${consistencyWords(await catalogue.point(plan.name, newest.id))})`}`,
  );
}

/** While production is away: as of when what serves came home last. */
async function awayLines(
  catalogue: Catalogue,
  { name, servers }: Plan,
  { failover: id }: PlanState,
): Promise<string[]> {
  const failover = id === null ? undefined : await catalogue.operation(name, id);
  if (failover === undefined) return [];
  const known = [...Object.keys(servers), ...Object.keys(failover.servers)];
  const times = Object.entries(cameHomeAt(failover, [...new Set(known)], await catalogue.twins(name)));
  const words = times.map(([server, at]) =>
    at === failover.committedAt ? `${server} not yet since ${at}` : `${server} as of ${at}`,
  );
  return [`came home: ${words.join(', ')}`];
}

/** What stays since the plan came home, as its last failback or accept saw it. */
async function keptLines(catalogue: Catalogue, plan: Plan): Promise<string[]> {
  const returns = keptReturns(await catalogue.moves(plan.name));
  const [last] = returns.slice(-1);
  if (last === undefined) return [];
  const [line = 'Stays: what the failback replaced.'] = keptLine(last.failback);
  return [line, `  ${untilWords(plan, returns)}`];
}

/** Whether a failover would work, as it was last looked at. */
function readinessLines(found: Readiness | undefined): string[] {
  if (found === undefined) return ['readiness: nobody has looked yet'];
  const { at, phase, recoveryPoint, blocking, short, unfenceable, unseen, warnings } = found;
  const { rtoSeconds, rtoPhases, fullPerformanceSeconds: full } = found;
  if (phase !== 'protected') return [`readiness at ${at}: not looked, the plan was ${phase}`];
  const unmeasured = recoveryPoint === null ? 'not known' : 'not measured, drill once';
  const rto = rtoSeconds === null ? unmeasured : `about ${Math.ceil(rtoSeconds / 60)} minutes`;
  return [
    `readiness at ${at}: ${readyWords(found)}; RTO ${rto}${full === null ? '' : `, full performance after ${Math.ceil(full / 60)} minutes at most`}`,
    ...blocking.map((finding) => `  in the way: ${finding}`),
    ...short.map((finding) => `  too small: ${finding}`),
    ...unfenceable.map((finding) => `  no fence: ${finding}`),
    ...unseen.map((why) => `  not known: ${why}`),
    ...warnings.map((warning) => `  warning: ${warning}`),
    ...(rtoSeconds === null ? [] : [`  RTO by phase: ${rtoPhases.map(phaseWords).join(', ')}`]),
  ];
}

function readyWords({ blocking, short, unfenceable, unseen }: Readiness): string {
  if (blocking.length > 0) return 'a failover would stop at its preflight';
  if (short.length > 0) return 'a failover would find no room for all servers';
  if (unfenceable.length > 0) return 'a failover could not fence the primary';
  return unseen.length > 0 ? 'not known, not all could be looked at' : 'ready';
}

function phaseWords({ phase, seconds, measuredBy }: Readiness['rtoPhases'][number]): string {
  return `${phase} ${Math.round(seconds)} s (${measuredBy ?? 'assumed'})`;
}

const drillsShownMax = 5;

/** The last drills, newest first: what became of them, and how long the servers took to be healthy. */
function drillLines(drills: readonly Operation[]): string[] {
  const newest = drills.toSorted((a, b) => b.startedAt.localeCompare(a.startedAt)).slice(0, drillsShownMax);
  return newest.map((operation) => {
    const { startedAt, outcome, rtoSeconds, recoveryPoint, leftOut } = operation;
    const without = Object.keys(leftOut);
    const which = without.length === 0 ? 'all servers' : `all servers but ${without.join(', ')}`;
    const took = rtoSeconds === null ? 'not verified' : `verified, ${which} healthy after ${Math.round(rtoSeconds)} s`;
    const what = isHomeDrill(operation) ? 'what had come home' : (recoveryPoint ?? 'no point');
    return `${nameOf(operation)} of ${startedAt}: ${outcome}; ${what} ${took}`;
  });
}

/** Of a point with servers that have commands: what was reached of which. */
function consistencyWords(point: RecoveryPoint | undefined): string {
  const servers = point?.servers ?? {};
  const having = (wanted: 'application' | 'crash') =>
    Object.entries(servers).flatMap(([name, { consistency = 'crash' }]) => (consistency === wanted ? [name] : []));
  const isAsked = Object.values(servers).some(({ consistency }) => consistency !== undefined);
  if (!isAsked) return '';
  return (['application', 'crash'] as const)
    .filter((kind) => having(kind).length > 0)
    .map((kind) => `; ${kind}-consistent: ${having(kind).join(', ')}`)
    .join('');
}

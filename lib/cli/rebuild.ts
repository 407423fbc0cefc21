import { isDeepStrictEqual } from 'node:util';
import { AwsFailure } from '../aws/call.ts';
import type { CatalogueItem } from '../aws/catalogue-items.ts';
import { Catalogue } from '../aws/catalogue.ts';
import { readStackOutputs } from '../aws/stack-outputs.ts';
import type { Operation, PlanState, RecoveryPoint } from '../domain/catalogue.ts';
import { Failure } from '../domain/failure.ts';
import type { Plan } from '../domain/plan.ts';
import { printable } from '../domain/quoted.ts';
import { type Rebuilt, rebuild, type Remains } from '../domain/rebuild.ts';
import { lastTwins } from '../domain/twins.ts';
import { outputs, stackName } from '../names.ts';
import type { Console } from './operations.ts';
import { UserError } from './plans.ts';
import { findRemains } from './remains.ts';

export interface RebuildRequest {
  readonly plan: Plan;
  /** Only say what would be written. */
  readonly dryRun: boolean;
  /** Write in spite of what speaks against it. */
  readonly force: boolean;
}

/** What the table holds under the key of an item. */
type Present =
  | { readonly kind: 'missing' | 'broken' }
  | { readonly kind: 'there'; readonly item: CatalogueItem['item'] };

interface Write {
  readonly of: CatalogueItem;
  readonly why: 'missing' | 'broken' | 'older' | 'different';
}

interface Draft {
  readonly writes: readonly Write[];
  /** Why nothing is written unless that is forced. */
  readonly objections: readonly string[];
}

/**
 * Writes the items of a plan again that its table has lost, from the manifests and snapshots in both Regions. What the table holds as
 * the manifests tell it stays as it is, and nothing is ever deleted, so that it can be repeated.
 * @throws UserError when something speaks against it and it is not forced
 */
export async function rebuildCatalogue(console: Console, { plan, dryRun, force }: RebuildRequest): Promise<void> {
  const print = (line: string) => console.print(printable(line, 1_000));
  const { remains, unread } = await findRemains(console, plan);
  const catalogue = await catalogueOf(console, plan);
  const state = await presentState(catalogue, plan.name);
  const rebuilt = rebuild(remains, new Date(), state.kind === 'there' ? state.item.epoch : 0);
  const draft = await compare(catalogue, { rebuilt, remains, state });
  for (const line of describe(plan, remains, rebuilt)) print(line);
  for (const line of [...unread, ...rebuilt.left]) print(`not restored: ${line}`);
  for (const { of, why } of draft.writes)
    print(`${dryRun ? 'would write' : 'write'} (${why}): ${Catalogue.nameOf(of)}`);
  for (const line of draft.objections) print(`against it: ${line}`);
  if (dryRun) return print('dry run: nothing was written');
  if (draft.writes.length === 0) return print('the table holds all of it already');
  if (draft.objections.length > 0 && !force)
    throw new UserError(
      'Nothing was written. Put right what speaks against it, or write all the same with --force: the items named above are then overwritten, and an operation that holds the plan can change nothing more.',
    );
  for (const { of } of draft.writes) await write(catalogue, of, state);
  await readBack(catalogue, plan.name);
  print(`${draft.writes.length} items were written`);
}

async function catalogueOf(console: Console, { recovery }: Plan): Promise<Catalogue> {
  const { cloudformation, dynamodb } = console.clients(recovery.region);
  const stack = await readStackOutputs(cloudformation, stackName(recovery.region));
  return new Catalogue(stack.get(outputs.tableName) ?? '', dynamodb);
}

function describe(
  plan: Plan,
  { manifests, sources }: Remains,
  { state, points, twins, operations }: Rebuilt,
): string[] {
  const site = state.activeSite === 'primary' ? plan.primary.region : plan.recovery.region;
  return [
    `plan ${plan.name}: ${manifests.length} manifests in ${plan.recovery.region}`,
    `found: ${points.length} recovery points, ${twins.length} twins, ${operations.length} operations; production runs in ${site}`,
    ...(sources === undefined
      ? [`${plan.primary.region} does not answer: its snapshots were not looked at and are taken to be there`]
      : []),
    'never restored: runs that sealed no point or did not commit, notes of operations, records of transfers',
  ];
}

type PresentState = { readonly kind: 'missing' | 'broken' } | { readonly kind: 'there'; readonly item: PlanState };

/** Without an item a plan is at epoch 0; one that is gone while operations are there is broken. */
async function presentState(catalogue: Catalogue, plan: string): Promise<PresentState> {
  const found = await orBroken(() => catalogue.state(plan));
  if (found === 'broken') return { kind: 'broken' };
  return found.epoch === 0 ? { kind: 'missing' } : { kind: 'there', item: found };
}

async function orBroken<Value>(read: () => Promise<Value>): Promise<Value | 'broken'> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Failure && error.code === 'CatalogueCorrupt') return 'broken';
    const { cause } = error as Error;
    if (cause instanceof AwsFailure && cause.awsName === 'ResourceNotFoundException')
      throw new UserError(
        'The table that the stack names does not exist. Create it again under its name, empty (docs/operating.md says how), then rebuild.',
      );
    throw error;
  }
}

/** Operations first: while there are some and no state, nothing else can begin. The state comes last. */
async function compare(
  catalogue: Catalogue,
  { rebuilt, remains, state }: { rebuilt: Rebuilt; remains: Remains; state: PresentState },
): Promise<Draft> {
  const items: CatalogueItem[] = [
    ...rebuilt.operations.map((item) => ({ kind: 'operation' as const, item })),
    ...rebuilt.points.flatMap(itemsOf),
    ...rebuilt.twins.map((item) => ({ kind: 'twin' as const, item })),
  ];
  const writes: Write[] = [];
  for (const of of items) {
    const present = await presentItem(catalogue, of);
    if (present.kind !== 'there') writes.push({ of, why: present.kind });
    else if (!isSame(of, present.item)) writes.push({ of, why: 'different' });
  }
  const different = writes.filter(({ why }) => why === 'different');
  const judged = judgeState(rebuilt, remains, state);
  return {
    writes: [...writes, ...judged.writes],
    objections: [
      ...holderOf(state),
      ...rebuilt.doubts,
      ...different.map(({ of }) => `${Catalogue.nameOf(of)} is in the table and differs from its manifest`),
      ...judged.objections,
    ],
  };
}

/** Its servers first: without one of them an available point would be a broken one. */
function itemsOf({ servers, ...item }: RecoveryPoint): CatalogueItem[] {
  const { plan, id: point } = item;
  const ofServers = Object.entries(servers).map(([server, captured]) => ({
    kind: 'pointServer' as const,
    item: { ...captured, plan, point, server },
  }));
  return [...ofServers, { kind: 'point', item }];
}

async function presentItem(catalogue: Catalogue, of: CatalogueItem): Promise<Present> {
  const found = await orBroken(() => catalogue.find(of));
  if (found === 'broken') return { kind: 'broken' };
  return found === undefined ? { kind: 'missing' } : { kind: 'there', item: found };
}

/** How an operation ended is known to the table only. */
function isSame({ kind, item }: CatalogueItem, present: CatalogueItem['item']): boolean {
  if (kind !== 'operation') return isDeepStrictEqual(item, present);
  const { outcome, cause, endedAt, progression, progressed } = present as Operation;
  return isDeepStrictEqual({ ...item, outcome, cause, endedAt, progression, progressed }, present);
}

/** The state that the table holds stays when it agrees; one that is newer than every manifest and does not is not overwritten unasked. */
function judgeState({ state }: Rebuilt, { manifests }: Remains, present: PresentState): Draft {
  const of: CatalogueItem = { kind: 'state', item: state };
  if (present.kind !== 'there') return { writes: [{ of, why: present.kind }], objections: [] };
  const { item } = present;
  const isOlder = item.epoch < Math.max(...manifests.map(({ manifest }) => manifest.state.epoch));
  const agreed = ({ activeSite, failover, commit, homes = {} }: PlanState) => [activeSite, failover, commit, homes];
  const isAgreed = isDeepStrictEqual(agreed(item), agreed(state));
  if (isOlder) return { writes: [{ of, why: 'older' }], objections: [] };
  if (isAgreed) return { writes: [], objections: [] };
  const objection = 'the state in the table is newer than every manifest and differs from them';
  return { writes: [{ of, why: 'different' }], objections: [objection] };
}

function holderOf(present: PresentState): string[] {
  const lease = present.kind === 'there' ? present.item.lease : null;
  if (lease === null || Date.parse(lease.until) <= Date.now()) return [];
  return [`${lease.operation} holds the plan until ${lease.until}`];
}

async function write(catalogue: Catalogue, of: CatalogueItem, state: PresentState): Promise<void> {
  const seen = of.kind === 'state' && state.kind === 'there' ? { epoch: state.item.epoch } : undefined;
  const absent = of.kind === 'state' && state.kind === 'missing' ? { epoch: undefined } : undefined;
  if (await catalogue.restore(of, seen ?? absent ?? {})) return;
  throw new UserError(
    'An operation began meanwhile: the state of the plan was left as it is. Wait for its end, then rebuild again.',
  );
}

/** What the table holds now must be fit to work with, whatever else was in it. */
async function readBack(catalogue: Catalogue, plan: string): Promise<void> {
  await catalogue.state(plan);
  await catalogue.points(plan);
  await catalogue.operations(plan);
  lastTwins(await catalogue.twins(plan));
}

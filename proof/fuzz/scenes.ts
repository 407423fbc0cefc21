import type { StepName } from '../../lib/infra/step-names.ts';
import { shop } from '../shop.ts';
import type { Ground } from './ground.ts';
import { type Context, executionOf, open, protect } from './life.ts';

/** A step that could run now, with what its state machine would give it. */
export interface Probe {
  readonly step: StepName;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** A moment in the life of a plan. */
export interface Scene {
  readonly name: string;
  readonly probes: readonly Probe[];
}

/** Names of the scenes, in their order. */
export const sceneNames = [
  'at rest',
  'capturing',
  'replicating',
  'pruning',
  'failing over',
  'launched',
  'switched',
  'away',
  'failing back',
  'moving blocks',
  'round done',
  'rebuilding',
  'accepting',
] as const;

const servers = Object.keys(shop.servers);
const firstLook = { polls: 0 };
/** With so many points the oldest has to go when one more is taken. */
const pointsKept = shop.protection.retention.latest;

/** The life of the shop, held at thirteen moments: there and back again, step by step, with everything that may be asked for then. */
export async function* scenes(ground: Ground, pointsBefore = pointsKept): AsyncGenerator<Scene> {
  for (let point = 0; point < pointsBefore; point += 1) await protect(ground);
  yield { name: 'at rest', probes: [...opens(), ...ends({ plan: shop.name, operation: 'failover-none', epoch: 1 })] };
  yield* protecting(ground);
  yield* failingOver(ground);
  const owed: Probe = { step: 'watch/evidence', payload: { 'detail-type': 'Scheduled Event' } };
  yield { name: 'away', probes: [...opens(), owed] };
  yield* failingBack(ground);
  yield* accepting(ground);
}

function opens(): Probe[] {
  const inputs: [StepName, object][] = [
    ['protect/open', { plan: shop.name }],
    ['failover/open', { plan: shop.name }],
    ['failover/open', { plan: shop.name, recoveryPoint: { asOf: '2026-01-05T09:03:00Z' } }],
    ['failback/open', { plan: shop.name }],
  ];
  return inputs.map(([step, input]) => ({ step, payload: { input, execution: executionOf('another') } }));
}

/** What may be asked for in every operation: its end, well or badly, and its rescue. */
function ends(context: Context): Probe[] {
  const failure = { Error: 'States.ExceedToleratedFailureThreshold', Cause: 'items failed' };
  const execution = executionOf(context.operation.replace(/^\w+-/, ''));
  return [
    { step: 'operation/close', payload: { ...context, outcome: 'failed', failure } },
    {
      step: 'operation/rescue',
      payload: {
        'detail-type': 'Step Functions Execution Status Change',
        detail: { executionArn: execution, status: 'ABORTED' },
      },
    },
  ];
}

async function* protecting(ground: Ground): AsyncGenerator<Scene> {
  await ground.stage.clock.advance(60_000);
  const { context, point } = await open(ground, 'protect');
  const withPoint = { ...context, point };
  const ofPoint = (...steps: StepName[]) =>
    steps.map((step): Probe => ({ step, payload: { ...withPoint, poll: firstLook, described: {} } }));
  const ofServers = (step: StepName) => servers.map((server): Probe => ({ step, payload: { ...withPoint, server } }));
  const captures = ofServers('protect/capture');
  await ground.value('protect/select', withPoint);
  await ground.value('protect/capture', { ...withPoint, server: 'web' });
  yield {
    name: 'capturing',
    probes: [...captures, ...ofPoint('protect/select', 'protect/abort'), ...opens(), ...ends(context)],
  };
  for (const { step, payload } of [...captures, ...ofServers('protect/describe').slice(1)])
    await ground.value(step, payload);
  await ground.stage.clock.advance(60_000);
  await ground.value('protect/replicate', { ...withPoint, poll: firstLook });
  yield {
    name: 'replicating',
    probes: [
      ...ofServers('protect/describe'),
      ...ofPoint('protect/replicate', 'protect/seal', 'protect/prune', 'protect/abort'),
      ...ends(context),
    ],
  };
  await ground.until('protect/replicate', withPoint);
  await ground.value('protect/describe', { ...withPoint, server: servers[0] });
  await ground.value('protect/seal', { ...withPoint, described: {} });
  yield { name: 'pruning', probes: [...ofPoint('protect/prune', 'protect/prune', 'protect/seal'), ...ends(context)] };
  await ground.until('protect/prune', withPoint);
  await ground.value('operation/close', { ...context, outcome: 'succeeded' });
}

async function* failingOver(ground: Ground): AsyncGenerator<Scene> {
  const { context } = await open(ground, 'failover');
  const of = (step: StepName, more: object = {}): Probe => ({
    step,
    payload: { ...context, poll: firstLook, ...more },
  });
  const launches = servers.map((server, index) => of('failover/launch', { server, index }));
  const healths = [1, 2].map((wave) => of('waves/health', { wave, site: 'recovery' }));
  const toRecovery = of('traffic/switch', { to: 'recovery' });
  const undo = () =>
    (['failover/undo', 'traffic/restore'] as const).map((step) => of(step, { to: 'primary', poll: settled(ground) }));
  yield {
    name: 'failing over',
    probes: [
      of('failover/preflight'),
      of('failover/fence'),
      ...servers.map((server, index) => of('failover/register', { server, index })),
      ...launches,
      ...undo(),
      of('failover/commit'),
      ...ends(context),
    ],
  };
  await ground.value('failover/preflight', context);
  await ground.until('failover/fence', context);
  for (const { step, payload } of launches) await ground.until(step, payload);
  yield {
    name: 'launched',
    probes: [...launches, ...healths, toRecovery, ...undo(), of('failover/commit'), ...ends(context)],
  };
  for (const { step, payload } of healths) await ground.until(step, payload);
  await ground.until('traffic/switch', toRecovery.payload);
  yield {
    name: 'switched',
    probes: [toRecovery, ...undo(), of('failover/commit'), of('failover/safeguard'), ...ends(context)],
  };
  await ground.value('failover/commit', context);
  await ground.value('failover/safeguard', context);
  await ground.value('operation/close', { ...context, outcome: 'succeeded' });
}

/** A look that is not the first: what was made just before would be seen by now. */
function settled(ground: Ground): object {
  return { polls: 5, since: new Date(ground.stage.clock.now() - 60_000).toISOString() };
}

interface Item {
  readonly transfer: { readonly id: string };
}

async function* failingBack(ground: Ground): AsyncGenerator<Scene> {
  for (const server of servers) ground.stage.workload.act({ kind: 'write', server, device: '/dev/sdf', blocks: 3 });
  const { context } = await open(ground, 'failback');
  const of = (step: StepName, more: object = {}): Probe => ({
    step,
    payload: { ...context, poll: firstLook, ...more },
  });
  const undo = () =>
    (['failback/undo', 'failback/sweep', 'failback/put-back', 'traffic/restore'] as const).map((step) =>
      of(step, { to: 'recovery', poll: settled(ground) }),
    );
  const begun = [
    of('failback/estimate', { estimateOnly: true }),
    of('failback/pay-fence'),
    of('failback/round', { final: false }),
    of('failback/stop-recovery'),
  ];
  yield { name: 'failing back', probes: [...begun, ...undo(), ...ends(context)] };
  await ground.until('failback/pay-fence', context);
  const { items, finish } = await beginRound(ground, context, false);
  const moves = await moveBlocks(ground, items.slice(0, 1));
  yield { name: 'moving blocks', probes: [...moves, ...moves, finish, ...undo(), ...ends(context)] };
  await completeRound(ground, items, finish);
  yield {
    name: 'round done',
    probes: [finish, of('failback/round', { final: true }), of('failback/stop-recovery'), ...undo(), ...ends(context)],
  };
  await ground.until('failback/stop-recovery', context);
  const last = await beginRound(ground, context, true);
  await completeRound(ground, last.items, last.finish);
  const rebuilds = servers.map((server) => of('failback/rebuild', { server }));
  for (const { step, payload } of rebuilds) await ground.value(step, payload);
  const starts = servers.map((server, index) => of('failback/start', { server, index }));
  const after = [of('traffic/switch', { to: 'primary' }), of('failback/commit')];
  yield { name: 'rebuilding', probes: [...rebuilds, ...starts, ...after, ...undo(), ...ends(context)] };
  for (const { step, payload } of [...rebuilds, ...starts]) await ground.until(step, payload);
  for (const wave of [1, 2]) await ground.until('waves/health', { ...context, wave, site: 'primary' });
  await ground.until('traffic/switch', { ...context, to: 'primary' });
  await ground.value('failback/commit', context);
  await ground.value('failback/list-kept', context);
  await ground.value('operation/close', { ...context, outcome: 'succeeded' });
}

async function* accepting(ground: Ground): AsyncGenerator<Scene> {
  await protect(ground);
  const { context } = await open(ground, 'failback', { plan: shop.name, accept: true });
  const steps = ['failback/list-kept', 'failback/accept'] as const;
  const probes = steps.map((step): Probe => ({ step, payload: { ...context, poll: firstLook } }));
  yield { name: 'accepting', probes: [...probes, ...opens(), ...ends(context)] };
}

async function beginRound(ground: Ground, context: Context, final: boolean) {
  const { transfers, startedAt } = await ground.until('failback/round', { ...context, final });
  const finish: Probe = { step: 'failback/finish-round', payload: { ...context, final, startedAt, transfers } };
  return { items: transfers as (Item & Context)[], finish };
}

/** Starts the transfers and moves what changed. Gives every step that was taken, and the one that comes next. */
async function moveBlocks(ground: Ground, items: readonly Item[]): Promise<Probe[]> {
  const probes: Probe[] = [];
  for (const item of items) {
    const { target, method, units } = await ground.value('transfer/start', item);
    probes.push({ step: 'transfer/start', payload: { ...item } });
    for (const unit of units as object[]) {
      const payload = { ...item, target, method, unit };
      probes.push({ step: 'transfer/move', payload });
      await ground.value('transfer/move', payload);
    }
    probes.push({ step: 'transfer/complete', payload: { ...item, target, poll: firstLook } });
  }
  return probes;
}

async function completeRound(ground: Ground, items: readonly Item[], finish: Probe): Promise<void> {
  const probes = await moveBlocks(ground, items);
  for (const { step, payload } of probes) if (step === 'transfer/complete') await ground.until(step, payload);
  await ground.value(finish.step, finish.payload);
}

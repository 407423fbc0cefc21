import { z } from 'zod';
import type { Operation, PointHeader } from '../../domain/catalogue.ts';
import { choosePoint, isAsOf, pointId, type PointSelector } from '../../domain/recovery-point.ts';
import {
  openOperation,
  type openSchema,
  parseInput,
  refuseUnlessOpenable,
  triggerSchema,
  wavesOf,
} from '../operation/open.ts';
import { asksForUndo, type TakenOver, takeOver } from '../operation/take-over.ts';
import type { Context, Services } from '../services.ts';
import type { WaveItem } from '../waves/wave.ts';

const pointIdSchema = z
  .string()
  .regex(
    /^rp-\d{8}T\d{6}Z-\w{1,40}$/,
    'is not "latest", a point id like "rp-20260105T100000Z-1a2b3c", or {"asOf": "2026-01-05T10:00:00Z"}',
  );
const selectorSchema = z.union(
  [
    z.literal('latest'),
    pointIdSchema.transform((id) => ({ id })),
    z.strictObject({ asOf: z.iso.datetime({ offset: true }) }),
  ],
  { error: 'is not "latest", a point id like "rp-20260105T100000Z-1a2b3c", or {"asOf": "2026-01-05T10:00:00Z"}' },
);

const inputSchema = z.strictObject({
  plan: z.string(),
  recoveryPoint: selectorSchema.default('latest'),
  dryRun: z.boolean().default(false),
  trigger: triggerSchema,
});

export type FailoverOpened = Context & {
  readonly dryRun: boolean;
  readonly recoveryPoint: string;
  readonly waves: readonly WaveItem[];
};

/** Retention lets a point go only when nothing was launched from it: its snapshots are the base of the way home. */
async function pin(services: Services, { plan, id, recoveryPoint }: Operation): Promise<void> {
  const point = await services.catalogue.pointHeader(plan, recoveryPoint ?? '');
  if (point === undefined || point.pins.includes(id)) return;
  await services.catalogue.updatePoint(plan, point.id, { pins: [...point.pins, id] });
}

/** Of the points, however many there are, those among which the choice lies, and those that a refusal names. */
async function candidates({ catalogue }: Services, plan: string, selector: PointSelector): Promise<PointHeader[]> {
  const newest = await catalogue.newestPointHeaders(plan);
  if (selector === 'latest') return newest;
  const add = (points: readonly PointHeader[]) => {
    const known = new Set(newest.map(({ id }) => id));
    return [...newest, ...points.filter(({ id }) => !known.has(id))];
  };
  if ('id' in selector) {
    const named = await catalogue.pointHeader(plan, selector.id);
    return add(named === undefined ? [] : [named]);
  }
  const isAnswer = (point: PointHeader) => isAsOf(point, selector.asOf);
  const before = await catalogue.pointHeadersUntil(plan, isAnswer, { upTo: pointId(new Date(selector.asOf), '~') });
  if (before.some(isAnswer)) return add(before);
  return add(await catalogue.pointHeadersUntil(plan, ({ status }) => status === 'available', { oldestFirst: true }));
}

/** Opens a failover: input, phase and recovery point are checked before anything is locked (I12). Touches the recovery Region only (I9). */
export async function open(
  services: Services,
  { input, execution }: z.infer<typeof openSchema>,
): Promise<FailoverOpened | TakenOver> {
  if (asksForUndo(input)) return takeOver(services, 'failover', input, execution);
  const { plan: name, recoveryPoint, dryRun, trigger } = parseInput('failover', inputSchema, input, '{"plan": "shop"}');
  const plan = services.plan(name);
  await refuseUnlessOpenable(services, name, 'failover', execution);
  const point = choosePoint(name, await candidates(services, name, recoveryPoint), recoveryPoint);
  const opened = await openOperation(services, { kind: 'failover', plan, execution, trigger, recoveryPoint: point.id });
  if (opened.kind === 'busy') throw opened.failure;
  const { context } = opened;
  const waves = wavesOf(await services.planOf(context)).map(({ wave, servers }) => ({
    ...context,
    wave,
    site: 'recovery' as const,
    servers: servers.map((server) => ({ ...context, server })),
  }));
  const operation = await services.catalogue.operationOf(context);
  if (!dryRun) await pin(services, operation);
  return { ...context, dryRun, recoveryPoint: operation.recoveryPoint ?? point.id, waves };
}

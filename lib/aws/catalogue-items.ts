import type * as z from 'zod';
import { type AutomaticSwitch, automaticSwitchSchema, type Outage, outageSchema } from '../domain/automatic.ts';
import {
  type Operation,
  operationSchema,
  type PlanState,
  planStateSchema,
  type PointHeader,
  pointHeaderSchema,
  type PointServerItem,
  pointServerItemSchema,
  type RecoveryPoint,
  recoveryPointSchema,
  type TransferRecord,
  transferRecordSchema,
  type Twin,
  twinSchema,
  type UnitRecord,
  unitRecordSchema,
} from '../domain/catalogue.ts';
import { type CopyDemand, copyDemandSchema } from '../domain/copy-queue.ts';
import { corrupt } from '../domain/corrupt.ts';
import { type DrillSeat, drillSeatSchema } from '../domain/drill.ts';
import { type OperationEvent, operationEventSchema } from '../domain/event.ts';
import { type OwedEvidence, owedEvidenceSchema } from '../domain/evidence.ts';
import { type Freeze, freezeSchema } from '../domain/freeze.ts';
import { type PhaseTime, phaseTimeSchema } from '../domain/phase-times.ts';
import { type Readiness, readinessSchema } from '../domain/readiness.ts';
import { problemsOf } from '../domain/problems.ts';
import { tokenOf } from './token.ts';

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** A kind of item: what it holds, and the key under which an item that holds this is found. */
export interface Kind<Item> {
  readonly schema: z.ZodType<Item>;
  readonly keyOf: (item: Item) => Key;
}

/** The name under which messages show an item. */
export function nameOf({ pk, sk }: Key): string {
  return `${pk} / ${sk}`;
}

export const keyOf = {
  state: (plan: string) => ({ pk: `PLAN#${plan}`, sk: 'STATE' }),
  point: (plan: string, id: string) => ({ pk: `PLAN#${plan}`, sk: `RP#${id}` }),
  pointServer: (plan: string, point: string, server: string) => ({
    pk: `PLAN#${plan}`,
    sk: `SERVER#${point}#${server}`,
  }),
  twin: (twin: Pick<Twin, 'plan' | 'volume' | 'madeAt'>) => ({
    pk: `PLAN#${twin.plan}`,
    sk: `TWIN#${twin.volume}#${twin.madeAt}`,
  }),
  freeze: (plan: string, server: string) => ({ pk: `PLAN#${plan}`, sk: `FREEZE#${server}` }),
  automatic: (plan: string) => ({ pk: `PLAN#${plan}`, sk: 'AUTOMATIC' }),
  outage: (plan: string) => ({ pk: `PLAN#${plan}`, sk: 'OUTAGE' }),
  drill: (plan: string) => ({ pk: `PLAN#${plan}`, sk: 'DRILL' }),
  readiness: (plan: string) => ({ pk: `PLAN#${plan}`, sk: 'READINESS' }),
  phaseTime: ({ plan, phase }: Pick<PhaseTime, 'plan' | 'phase'>) => ({ pk: `PLAN#${plan}`, sk: `MEASURED#${phase}` }),
  operation: (plan: string, id: string) => ({ pk: `PLAN#${plan}`, sk: `OP#${id}` }),
  /** Of all plans in one partition, as owed evidence: they are read together. */
  copyDemand: (plan: string) => ({ pk: 'COPIES', sk: `PLAN#${plan}` }),
  owedEvidence: ({ plan, operation }: Pick<OwedEvidence, 'plan' | 'operation'>) => ({
    pk: 'EVIDENCE',
    sk: `PLAN#${plan}#OP#${operation}`,
  }),
  transfer: (operation: string, id: string) => ({ pk: `OP#${operation}`, sk: `TRANSFER#${id}` }),
  creation: (operation: string, step: string) => ({ pk: `OP#${operation}`, sk: `MADE#${step}` }),
  unit: (operation: string, transfer: string, { unit, first }: Pick<UnitRecord, 'unit' | 'first'>) => ({
    pk: `OP#${operation}`,
    sk: `UNIT#${transfer}#${String(unit).padStart(8, '0')}#${String(first).padStart(10, '0')}`,
  }),
  event: (operation: string, at: string, text: string) => ({
    pk: `OP#${operation}`,
    sk: `EV#${at}#${tokenOf(text).slice(0, 8)}`,
  }),
};

export const kinds = {
  state: { schema: planStateSchema, keyOf: ({ plan }: PlanState) => keyOf.state(plan) },
  point: { schema: pointHeaderSchema, keyOf: ({ plan, id }: PointHeader) => keyOf.point(plan, id) },
  pointServer: {
    schema: pointServerItemSchema,
    keyOf: ({ plan, point, server }: PointServerItem) => keyOf.pointServer(plan, point, server),
  },
  twin: { schema: twinSchema, keyOf: keyOf.twin },
  freeze: { schema: freezeSchema, keyOf: ({ plan, server }: Freeze) => keyOf.freeze(plan, server) },
  automatic: { schema: automaticSwitchSchema, keyOf: ({ plan }: AutomaticSwitch) => keyOf.automatic(plan) },
  outage: { schema: outageSchema, keyOf: ({ plan }: Outage) => keyOf.outage(plan) },
  drill: { schema: drillSeatSchema, keyOf: ({ plan }: DrillSeat) => keyOf.drill(plan) },
  readiness: { schema: readinessSchema, keyOf: ({ plan }: Readiness) => keyOf.readiness(plan) },
  phaseTime: { schema: phaseTimeSchema, keyOf: keyOf.phaseTime },
  operation: { schema: operationSchema, keyOf: ({ plan, id }: Operation) => keyOf.operation(plan, id) },
  copyDemand: { schema: copyDemandSchema, keyOf: ({ plan }: CopyDemand) => keyOf.copyDemand(plan) },
  owedEvidence: { schema: owedEvidenceSchema, keyOf: keyOf.owedEvidence },
  event: (operation: string) => ({
    schema: operationEventSchema,
    keyOf: ({ at, text }: OperationEvent) => keyOf.event(operation, at, text),
  }),
  transfer: (operation: string) => ({
    schema: transferRecordSchema,
    keyOf: ({ id }: TransferRecord) => keyOf.transfer(operation, id),
  }),
  unit: (operation: string, transfer: string) => ({
    schema: unitRecordSchema,
    keyOf: (part: UnitRecord) => keyOf.unit(operation, transfer, part),
  }),
};

/** An item of a plan with its kind. */
export type CatalogueItem =
  | { readonly kind: 'state'; readonly item: PlanState }
  | { readonly kind: 'point'; readonly item: PointHeader }
  | { readonly kind: 'pointServer'; readonly item: PointServerItem }
  | { readonly kind: 'twin'; readonly item: Twin }
  | { readonly kind: 'operation'; readonly item: Operation };

/** Where an item is in the table, and what it must be. */
export function placeOf(of: CatalogueItem): { key: Key; kind: Kind<CatalogueItem['item']> } {
  switch (of.kind) {
    case 'state':
      return { key: kinds.state.keyOf(of.item), kind: kinds.state as Kind<CatalogueItem['item']> };
    case 'point':
      return { key: kinds.point.keyOf(of.item), kind: kinds.point as Kind<CatalogueItem['item']> };
    case 'pointServer':
      return { key: kinds.pointServer.keyOf(of.item), kind: kinds.pointServer as Kind<CatalogueItem['item']> };
    case 'twin':
      return { key: kinds.twin.keyOf(of.item), kind: kinds.twin as Kind<CatalogueItem['item']> };
    case 'operation':
      return { key: kinds.operation.keyOf(of.item), kind: kinds.operation as Kind<CatalogueItem['item']> };
  }
}

/** Which items a query finds. */
export interface KeyCondition {
  readonly KeyConditionExpression: string;
  readonly ExpressionAttributeValues: Record<string, string>;
}

export function startingWith(pk: string, prefix: string): KeyCondition {
  return {
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
    ExpressionAttributeValues: { ':pk': pk, ':prefix': prefix },
  };
}

/** Points of a plan with ids that are not greater than `last`. */
export function upToPoint(plan: string, last: string): KeyCondition {
  return {
    KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :last',
    ExpressionAttributeValues: { ':pk': `PLAN#${plan}`, ':first': 'RP#', ':last': `RP#${last}` },
  };
}

/**
 * What a table holds as what it should be. The key is the catalogue's own business, and may not be written back as a field; what
 * the item says of itself must fit it.
 * @throws Failure CatalogueCorrupt
 */
export function parseItem<Item>(
  { pk, sk, ...fields }: Record<string, unknown>,
  { schema, keyOf: keyOfItem }: Kind<Item>,
): Item {
  const key = { pk: String(pk), sk: String(sk) };
  const parsed = schema.safeParse(fields);
  if (!parsed.success) throw corrupt(nameOf(key), problemsOf(parsed.error));
  const own = keyOfItem(parsed.data);
  if (own.pk !== key.pk || own.sk !== key.sk) throw corrupt(nameOf(key), `it says of itself to be ${nameOf(own)}`);
  return parsed.data;
}

/** A point of its items. @throws Failure CatalogueCorrupt where its items contradict each other, or one of an available point is gone */
export function pointOf(header: PointHeader, items: readonly PointServerItem[]): RecoveryPoint {
  const servers = Object.fromEntries(items.map(({ server, ...item }) => [server, item]));
  const gone = Object.keys(header.members).find((member) => servers[member] === undefined);
  if (gone !== undefined && header.status === 'available')
    throw corrupt(nameOf(keyOf.pointServer(header.plan, header.id, gone)), 'it is gone, though its point is available');
  const parsed = recoveryPointSchema.safeParse({ ...header, servers });
  if (parsed.success) return parsed.data;
  throw corrupt(nameOf(keyOf.point(header.plan, header.id)), problemsOf(parsed.error));
}

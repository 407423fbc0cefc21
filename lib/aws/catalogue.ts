import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { AutomaticSwitch, Outage } from '../domain/automatic.ts';
import {
  type Operation,
  type OperationKind,
  type PlanState,
  type PointHeader,
  type PointServer,
  type PointServerItem,
  type RecoveryPoint,
  type Twin,
} from '../domain/catalogue.ts';
import type { CopyDemand } from '../domain/copy-queue.ts';
import { newState } from '../domain/new-items.ts';
import { corrupt } from '../domain/corrupt.ts';
import { Failure } from '../domain/failure.ts';
import { type DrillSeat, emptySeat, staleDrill } from '../domain/drill.ts';
import type { OwedEvidence } from '../domain/evidence.ts';
import type { Freeze } from '../domain/freeze.ts';
import type { PhaseTime } from '../domain/phase-times.ts';
import type { Readiness } from '../domain/readiness.ts';
import type { Answer } from '../domain/question.ts';
import {
  changedFields,
  type HolderEvent,
  nextState,
  type Holder as PlanHolder,
  staleMessage,
} from '../domain/phase.ts';
import { type CatalogueItem, keyOf, kinds, nameOf, placeOf, pointOf, upToPoint } from './catalogue-items.ts';
import { ItemTable } from './item-table.ts';
import { OperationItems } from './operation-items.ts';
import { Appended, type Condition, OtherThan } from './update-expression.ts';

/** The operation that owns a plan since `epoch`. */
type Holder = PlanHolder & { readonly plan: string };

interface PointServerName {
  readonly plan: string;
  readonly point: string;
  readonly server: string;
}

/** A point under way and the available one before it: more are read only where points have failed. Reading costs by size. @source aws-facts [9] */
const newestPointsPerPage = 2;

/**
 * The catalogue: one table, one conditional write per change, so that a lost answer can be read back. Every read is
 * consistent, and every item that is read is checked: a broken one is never worked with. Writers prove their epoch first (I6).
 * @source aws-facts [6]
 */
export class Catalogue extends OperationItems {
  readonly #items: ItemTable;

  constructor(table: string, client: DynamoDBClient) {
    const items = new ItemTable(table, client);
    super(items);
    this.#items = items;
  }

  /**
   * Where the plan stands; a plan that has never had an operation is protected at home.
   * @throws Failure CatalogueCorrupt, as every read of this class
   */
  async state(plan: string): Promise<PlanState> {
    const key = keyOf.state(plan);
    const state = await this.#items.get(key, kinds.state);
    if (state !== undefined) return state;
    if (await this.#items.hasAny(key.pk, 'OP#'))
      throw corrupt(nameOf(key), 'it is gone, though the plan has had operations');
    return newState(plan);
  }

  /**
   * Gives the plan to an operation: writes the fields of `change` if the plan's epoch is still `seenEpoch` (0: no state yet).
   * Returns whether it did.
   */
  async claimState(plan: string, change: Partial<PlanState>, seenEpoch: number): Promise<boolean> {
    const fields = seenEpoch === 0 ? { ...newState(plan), ...change } : change;
    return this.#items.update(keyOf.state(plan), fields, { epoch: seenEpoch === 0 ? undefined : seenEpoch });
  }

  /**
   * Lets something happen to the plan that the operation owns. Writes the fields that change and no others, and only while the
   * operation still owns the plan: a step that was taken for dead and writes late must not put back what it read. Returns the
   * new state.
   * @throws Failure StaleEpoch, BrokenInvariant
   */
  async changeState(holder: Holder, event: HolderEvent): Promise<PlanState> {
    const state = await this.state(holder.plan);
    const next = nextState(state, { ...event, by: holder });
    const change = changedFields(state, next);
    if (Object.keys(change).length === 0) return next;
    const mine = { epoch: holder.epoch, 'lease.operation': holder.operation };
    if (await this.#items.update(keyOf.state(holder.plan), change, mine)) return next;
    throw new Failure('StaleEpoch', staleMessage(await this.state(holder.plan), holder));
  }

  /** The name under which messages show an item: its key. */
  static nameOf(of: CatalogueItem): string {
    return nameOf(placeOf(of).key);
  }

  /** What the table holds under the key of an item. */
  async find(of: CatalogueItem): Promise<CatalogueItem['item'] | undefined> {
    const { key, kind } = placeOf(of);
    return this.#items.get<CatalogueItem['item']>(key, kind);
  }

  /** Writes every field of an item, whatever the table holds under its key, if the condition holds. Returns whether it did. */
  restore(of: CatalogueItem, condition: Condition = {}): Promise<boolean> {
    const { key } = placeOf(of);
    return this.#items.update({ ...key }, { ...of.item }, condition);
  }

  /** A point with its servers. */
  async point(plan: string, id: string): Promise<RecoveryPoint | undefined> {
    const header = await this.pointHeader(plan, id);
    return header === undefined ? undefined : this.withServers(header);
  }

  async withServers(header: PointHeader): Promise<RecoveryPoint> {
    return pointOf(header, await this.pointServers(header.plan, header.id));
  }

  pointHeader(plan: string, id: string): Promise<PointHeader | undefined> {
    return this.#items.get(keyOf.point(plan, id), kinds.point);
  }

  async pointServer(plan: string, id: string, server: string): Promise<PointServer | undefined> {
    return this.#items.get(keyOf.pointServer(plan, id, server), kinds.pointServer);
  }

  /** The servers of a point that have been captured. */
  pointServers(plan: string, id: string): Promise<PointServerItem[]> {
    return this.#items.query(`PLAN#${plan}`, `SERVER#${id}#`, kinds.pointServer);
  }

  /** Every point with its servers, oldest first. */
  async points(plan: string): Promise<RecoveryPoint[]> {
    const headers = await this.pointHeaders(plan);
    const servers = Map.groupBy(
      await this.#items.query(`PLAN#${plan}`, 'SERVER#', kinds.pointServer),
      ({ point }) => point,
    );
    return headers.map((header) => pointOf(header, servers.get(header.id) ?? []));
  }

  /** Oldest first. `upTo`: only points whose ids, which begin with their time, are not greater. */
  pointHeaders(plan: string, upTo = '~'): Promise<PointHeader[]> {
    return this.#items.queryAll(upToPoint(plan, upTo), kinds.point);
  }

  /** Points from the newest down to the newest available one, it included; all of them where none is available. */
  newestPointHeaders(plan: string): Promise<PointHeader[]> {
    return this.pointHeadersUntil(plan, ({ status }) => status === 'available');
  }

  /** The newest available point, if there is one. */
  async newestAvailable(plan: string): Promise<PointHeader | undefined> {
    return (await this.newestPointHeaders(plan)).find(({ status }) => status === 'available');
  }

  /**
   * Points from one end up to the first that is enough, it included, and few more are read. `upTo`: only points whose ids are not
   * greater, which begin with their time.
   */
  pointHeadersUntil(
    plan: string,
    isEnough: (point: PointHeader) => boolean,
    { upTo, oldestFirst = false }: { readonly upTo?: string; readonly oldestFirst?: boolean } = {},
  ): Promise<PointHeader[]> {
    const reading = { isEnough, oldestFirst, pageSize: newestPointsPerPage };
    return this.#items.queryUntil(upToPoint(plan, upTo ?? '~'), kinds.point, reading);
  }

  /** Adds a point unless it exists. */
  async addPoint({ servers, ...header }: RecoveryPoint): Promise<void> {
    const { plan, id } = header;
    if (!(await this.#items.update(keyOf.point(plan, id), { ...header }, { id: undefined }))) return;
    for (const [name, server] of Object.entries(servers)) await this.addPointServer(plan, id, name, server);
  }

  /** A point that is gone stays gone: half an item would be a broken one. */
  async updatePoint(plan: string, id: string, fields: Partial<PointHeader>): Promise<void> {
    await this.#items.update(keyOf.point(plan, id), fields, { id });
  }

  /** @param change what is pinned → what is to be. A point that is gone stays gone. */
  async changePins(plan: string, id: string, change: (pins: PointHeader['pins']) => string[]): Promise<void> {
    const point = await this.pointHeader(plan, id);
    if (point === undefined) return;
    const pins = change(point.pins);
    if (pins.join() !== point.pins.join()) await this.updatePoint(plan, id, { pins });
  }

  /** Adds a server to a point, unless it is there: a capture that was delivered twice must not take back what was made of it since. */
  async addPointServer(plan: string, point: string, server: string, captured: PointServer): Promise<void> {
    await this.#items.update(
      keyOf.pointServer(plan, point, server),
      { ...captured, plan, point, server },
      { point: undefined },
    );
  }

  /** Sets how a server of a point is to be launched, beside what becomes of its volumes; one that is gone stays gone. */
  async setPointConfiguration(
    { plan, point, server }: PointServerName,
    configuration: PointServer['configuration'],
  ): Promise<void> {
    await this.#items.update(keyOf.pointServer(plan, point, server), { configuration }, { point });
  }

  /** Sets the volumes of a server of a point, unless they were written since it was read, or it is gone. Returns whether they are set. */
  async setPointVolumes(
    { plan, point, server }: PointServerName,
    { revision }: Pick<PointServer, 'revision'>,
    volumes: PointServer['volumes'],
  ): Promise<boolean> {
    const fields = { volumes, revision: (revision ?? 0) + 1 };
    return this.#items.update(keyOf.pointServer(plan, point, server), fields, { point, revision });
  }

  /** Marks a point that retention lets go, unless it was pinned since it was read, or is gone. Returns whether it is marked. */
  async expirePoint({ plan, id, pins }: PointHeader): Promise<boolean> {
    return this.#items.update(keyOf.point(plan, id), { status: 'expired' }, { id, pins });
  }

  /** Its servers first: what is left of a point after half of it says that it goes. */
  async removePoint(plan: string, id: string): Promise<void> {
    const servers = await this.pointServers(plan, id);
    await Promise.all(servers.map(({ server }) => this.#items.remove(keyOf.pointServer(plan, id, server))));
    await this.#items.remove(keyOf.point(plan, id));
  }

  twins(plan: string): Promise<Twin[]> {
    return this.#items.query(`PLAN#${plan}`, 'TWIN#', kinds.twin);
  }

  async addTwin(twin: Twin): Promise<void> {
    await this.#items.update(keyOf.twin(twin), { ...twin });
  }

  async removeTwin(twin: Twin): Promise<void> {
    await this.#items.remove(keyOf.twin(twin));
  }

  /** What all plans wait to copy. Notes of runs that are over are among them until their time has passed. */
  copyDemands(): Promise<CopyDemand[]> {
    return this.#items.query('COPIES', 'PLAN#', kinds.copyDemand);
  }

  async noteCopyDemand(demand: CopyDemand): Promise<void> {
    await this.#items.update(keyOf.copyDemand(demand.plan), { ...demand });
  }

  freezes(plan: string): Promise<Freeze[]> {
    return this.#items.query(`PLAN#${plan}`, 'FREEZE#', kinds.freeze);
  }

  async freeze(plan: string, server: string): Promise<Freeze | undefined> {
    return this.#items.get(keyOf.freeze(plan, server), kinds.freeze);
  }

  /** Notes the freeze of a server in the place of the one that was seen, `{}` for none. Returns whether this run is the one. */
  async claimFreeze(freeze: Freeze, { operation, requestedAt }: Partial<Freeze> = {}): Promise<boolean> {
    return this.#items.update(keyOf.freeze(freeze.plan, freeze.server), { ...freeze }, { operation, requestedAt });
  }

  /** Returns whether it is still the last one of its server. */
  async updateFreeze({ plan, server, operation }: Freeze, fields: Partial<Freeze>): Promise<boolean> {
    return this.#items.update(keyOf.freeze(plan, server), fields, { operation });
  }

  async automaticSwitch(plan: string): Promise<AutomaticSwitch | undefined> {
    return this.#items.get(keyOf.automatic(plan), kinds.automatic);
  }

  async setAutomaticSwitch(set: AutomaticSwitch): Promise<void> {
    await this.#items.update(keyOf.automatic(set.plan), { ...set });
  }

  async outage(plan: string): Promise<Outage | undefined> {
    return this.#items.get(keyOf.outage(plan), kinds.outage);
  }

  /** In the place of the one that was seen, `{}` for none. Returns whether this run is the one. */
  async noteOutage(outage: Outage, { since, status }: Partial<Outage> = {}): Promise<boolean> {
    return this.#items.update(keyOf.outage(outage.plan), { ...outage }, { since, status });
  }

  async readiness(plan: string): Promise<Readiness | undefined> {
    return this.#items.get(keyOf.readiness(plan), kinds.readiness);
  }

  async setReadiness(found: Readiness): Promise<void> {
    await this.#items.update(keyOf.readiness(found.plan), { ...found });
  }

  /** How long each phase took when it was measured last: two for each wave and some. */
  phaseTimes(plan: string): Promise<PhaseTime[]> {
    return this.#items.query(`PLAN#${plan}`, 'MEASURED#', kinds.phaseTime);
  }

  /** Phases that were not measured this time keep what they had. */
  async notePhaseTimes(measured: readonly PhaseTime[]): Promise<void> {
    for (const time of measured) await this.#items.update(keyOf.phaseTime(time), { ...time });
  }

  async drillSeat(plan: string): Promise<DrillSeat> {
    return (await this.#items.get(keyOf.drill(plan), kinds.drill)) ?? emptySeat(plan);
  }

  /** Takes the seat of a plan's drill, if its epoch is still `seenEpoch`. Returns whether it did. */
  async claimDrillSeat(seat: DrillSeat, seenEpoch: number): Promise<boolean> {
    return this.#items.update(keyOf.drill(seat.plan), { ...seat }, { epoch: seenEpoch === 0 ? undefined : seenEpoch });
  }

  /** @throws Failure StaleEpoch when another drill, or another execution of this one, has begun since */
  async proveDrill(holder: Holder): Promise<void> {
    const seat = await this.drillSeat(holder.plan);
    if (seat.operation !== holder.operation || seat.epoch !== holder.epoch) throw staleDrill(seat, holder);
  }

  async leaveDrillSeat({ plan, operation, epoch }: Holder): Promise<void> {
    await this.#items.update(keyOf.drill(plan), { operation: null, execution: null }, { operation, epoch });
  }

  async operation(plan: string, id: string): Promise<Operation | undefined> {
    return this.#items.get(keyOf.operation(plan, id), kinds.operation);
  }

  /** The operation of a step; a step without one was started outside of its state machine. */
  async operationOf(holder: { plan: string; operation: string }): Promise<Operation> {
    const operation = await this.operation(holder.plan, holder.operation);
    if (operation === undefined)
      throw new Failure(
        'InvalidInput',
        `Plan ${holder.plan} has no operation ${holder.operation}. Start operations through their state machines.`,
      );
    return operation;
  }

  operations(plan: string): Promise<Operation[]> {
    return this.#items.query(`PLAN#${plan}`, 'OP#', kinds.operation);
  }

  /** Its failovers and failbacks: unlike protect runs, they are few. */
  async moves(plan: string): Promise<Operation[]> {
    return [...(await this.operationsOf(plan, 'failover')), ...(await this.operationsOf(plan, 'failback'))];
  }

  operationsOf(plan: string, kind: Exclude<OperationKind, 'protect'>): Promise<Operation[]> {
    return this.#items.query(`PLAN#${plan}`, `OP#${kind}-`, kinds.operation);
  }

  async addOperation(operation: Operation): Promise<void> {
    await this.#items.update(keyOf.operation(operation.plan, operation.id), { ...operation }, { id: undefined });
  }

  /** Sets what else than the progression is to be said of an operation. */
  async updateOperation(
    holder: { plan: string; operation: string },
    fields: Partial<Omit<Operation, 'progression' | 'progressed'>>,
  ): Promise<void> {
    await this.#items.update(keyOf.operation(holder.plan, holder.operation), fields, { id: holder.operation });
  }

  /** Says what an operation does from `at` on, and what else is known by then. A step says so at each look; it is noted when it is new. */
  async progress(
    holder: { plan: string; operation: string },
    { progression, ...fields }: Partial<Omit<Operation, 'progressed'>> & Pick<Operation, 'progression'>,
    at: Date,
  ): Promise<void> {
    const begun = { progression, progressed: new Appended({ at: at.toISOString(), progression }) };
    const isOther = { id: holder.operation, progression: new OtherThan(progression) };
    const key = keyOf.operation(holder.plan, holder.operation);
    const isNew = await this.#items.update(key, { ...fields, ...begun }, isOther);
    if (!isNew && Object.keys(fields).length > 0) await this.updateOperation(holder, fields);
  }

  /** Sets one entry of a map of the operation, such as one launched server. */
  async updateOperationEntry(
    holder: { plan: string; operation: string },
    map: 'servers' | 'broughtUp' | 'leftOut' | 'swapped' | 'stopped' | 'isolated' | 'questions',
    name: string,
    value: unknown,
  ): Promise<void> {
    const entry = { [`${map}.${name}`]: value };
    await this.#items.update(keyOf.operation(holder.plan, holder.operation), entry, { id: holder.operation });
  }

  /** The first answer to a question is the answer. Returns whether it is this one. */
  async answerQuestion(
    holder: { plan: string; operation: string },
    { key, askedAt }: { readonly key: string; readonly askedAt: string },
    answer: Answer,
  ): Promise<boolean> {
    const path = `questions.${key}`;
    const isOpen = { [`${path}.askedAt`]: askedAt, [`${path}.answer`]: null };
    return this.#items.update(keyOf.operation(holder.plan, holder.operation), { [`${path}.answer`]: answer }, isOpen);
  }

  /** Notes that an operation ends, and that its evidence is to be written. */
  async oweEvidence(owed: OwedEvidence): Promise<void> {
    await this.#items.update(keyOf.owedEvidence(owed), { ...owed });
  }

  /** Of all plans. */
  owedEvidence(): Promise<OwedEvidence[]> {
    return this.#items.query('EVIDENCE', 'PLAN#', kinds.owedEvidence);
  }

  /** Notes that people know that it is owed still. */
  async tellOwedEvidence(owed: OwedEvidence): Promise<void> {
    await this.#items.update(keyOf.owedEvidence(owed), { isTold: true }, { since: owed.since });
  }

  /** Takes the note back, unless the operation has ended once more since it was read. */
  async settleEvidence(owed: OwedEvidence): Promise<void> {
    await this.#items.removeIf(keyOf.owedEvidence(owed), { since: owed.since });
  }
}

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, DeleteCommand, paginateQuery, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type {
  Operation,
  PlanState,
  PointServer,
  RecoveryPoint,
  TransferRecord,
  Twin,
  UnitRecord,
} from '../domain/catalogue.ts';
import { newState } from '../domain/catalogue.ts';
import { Failure, isTransient } from '../domain/failure.ts';
import { awsCall } from './call.ts';
import { type Condition, type Fields, updateExpression } from './update-expression.ts';

/** The operation that owns a plan since `epoch`. */
interface Holder {
  readonly plan: string;
  readonly operation: string;
  readonly epoch: number;
}

const keyOf = {
  state: (plan: string) => ({ pk: `PLAN#${plan}`, sk: 'STATE' }),
  point: (plan: string, id: string) => ({ pk: `PLAN#${plan}`, sk: `RP#${id}` }),
  twin: (twin: Pick<Twin, 'plan' | 'volume' | 'madeAt'>) => ({
    pk: `PLAN#${twin.plan}`,
    sk: `TWIN#${twin.volume}#${twin.madeAt}`,
  }),
  operation: (plan: string, id: string) => ({ pk: `PLAN#${plan}`, sk: `OP#${id}` }),
  transfer: (operation: string, id: string) => ({ pk: `OP#${operation}`, sk: `TRANSFER#${id}` }),
  creation: (operation: string, step: string) => ({ pk: `OP#${operation}`, sk: `MADE#${step}` }),
  unit: (operation: string, transfer: string, unit: number) => ({
    pk: `OP#${operation}`,
    sk: `UNIT#${transfer}#${String(unit).padStart(8, '0')}`,
  }),
  event: (operation: string, at: string) => ({ pk: `OP#${operation}`, sk: `EV#${at}` }),
};

/**
 * The catalogue: one table, one conditional write per change, so that a lost answer can be read back. Every read is
 * consistent. Writers call {@link Catalogue.proveEpoch} first (I6).
 * @source aws-facts [6]
 */
export class Catalogue {
  readonly #table: string;
  readonly #documents: DynamoDBDocumentClient;

  constructor(table: string, client: DynamoDBClient) {
    this.#table = table;
    this.#documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  }

  async state(plan: string): Promise<PlanState> {
    return (await this.#get<PlanState>(keyOf.state(plan))) ?? newState(plan);
  }

  /** Replaces the state if its epoch is still `seenEpoch` (0: no state yet). Returns whether it did. */
  async replaceState(state: PlanState, seenEpoch: number): Promise<boolean> {
    return this.#update(keyOf.state(state.plan), { ...state }, { epoch: seenEpoch === 0 ? undefined : seenEpoch });
  }

  /**
   * Proves that the operation still owns the plan, and renews its lease until `until`.
   * @throws Failure StaleEpoch
   */
  async proveEpoch(holder: Holder, until: Date): Promise<PlanState> {
    const state = await this.state(holder.plan);
    const { lease } = state;
    return this.#changeState(holder, state, {
      lease: lease === null ? null : { ...lease, until: until.toISOString() },
    });
  }

  /**
   * Changes the given fields of the state of the plan that the operation owns, and no others: a step that was taken for dead and
   * writes late must not put back what it read. Returns the new state.
   * @throws Failure StaleEpoch
   */
  async updateState(holder: Holder, change: Partial<PlanState>): Promise<PlanState> {
    return this.#changeState(holder, await this.state(holder.plan), change);
  }

  /** @param state as it was read a moment ago, for the answer and the message; the condition decides */
  async #changeState(holder: Holder, state: PlanState, change: Partial<PlanState>): Promise<PlanState> {
    const mine = { epoch: holder.epoch, 'lease.operation': holder.operation };
    if (await this.#update(keyOf.state(holder.plan), change, mine)) return { ...state, ...change };
    throw new Failure(
      'StaleEpoch',
      `Operation ${holder.operation} of plan ${holder.plan} (epoch ${holder.epoch}) no longer owns the plan: epoch ${state.epoch} belongs to ${state.lease?.operation ?? 'nobody'}. It changes nothing more.`,
    );
  }

  /** Frees the plan at the end of an operation. One that is free already, or another operation's, is left as it is. */
  async release(holder: Holder, rest: Pick<PlanState, 'phase'> & Partial<PlanState>): Promise<void> {
    const mine = { epoch: holder.epoch, 'lease.operation': holder.operation };
    await this.#update(keyOf.state(holder.plan), { ...rest, lease: null }, mine);
  }

  async point(plan: string, id: string): Promise<RecoveryPoint | undefined> {
    return this.#get<RecoveryPoint>(keyOf.point(plan, id));
  }

  points(plan: string): Promise<RecoveryPoint[]> {
    return this.#query<RecoveryPoint>(`PLAN#${plan}`, 'RP#');
  }

  /** Adds a point unless it exists. */
  async addPoint(point: RecoveryPoint): Promise<void> {
    await this.#update(keyOf.point(point.plan, point.id), { ...point }, { id: undefined });
  }

  async updatePoint(plan: string, id: string, fields: Partial<RecoveryPoint>): Promise<void> {
    await this.#update(keyOf.point(plan, id), fields);
  }

  /** Sets one server of a point; servers are captured side by side. */
  async updatePointServer(plan: string, id: string, name: string, server: PointServer): Promise<void> {
    await this.#update(keyOf.point(plan, id), { [`servers.${name}`]: server });
  }

  async removePoint(plan: string, id: string): Promise<void> {
    await this.#remove(keyOf.point(plan, id));
  }

  twins(plan: string): Promise<Twin[]> {
    return this.#query<Twin>(`PLAN#${plan}`, 'TWIN#');
  }

  async addTwin(twin: Twin): Promise<void> {
    await this.#update(keyOf.twin(twin), { ...twin });
  }

  async removeTwin(twin: Twin): Promise<void> {
    await this.#remove(keyOf.twin(twin));
  }

  async operation(plan: string, id: string): Promise<Operation | undefined> {
    return this.#get<Operation>(keyOf.operation(plan, id));
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
    return this.#query<Operation>(`PLAN#${plan}`, 'OP#');
  }

  failbacks(plan: string): Promise<Operation[]> {
    return this.#query<Operation>(`PLAN#${plan}`, 'OP#failback-');
  }

  async addOperation(operation: Operation): Promise<void> {
    await this.#update(keyOf.operation(operation.plan, operation.id), { ...operation }, { id: undefined });
  }

  async updateOperation(holder: { plan: string; operation: string }, fields: Partial<Operation>): Promise<void> {
    await this.#update(keyOf.operation(holder.plan, holder.operation), fields);
  }

  /** Sets one entry of a map of the operation, such as one launched server. */
  async updateOperationEntry(
    holder: { plan: string; operation: string },
    map: 'servers' | 'swapped' | 'stopped',
    name: string,
    value: unknown,
  ): Promise<void> {
    await this.#update(keyOf.operation(holder.plan, holder.operation), { [`${map}.${name}`]: value });
  }

  /** Notes what happened at `at`; the same moment and operation overwrite, so a step may note twice. */
  async addEvent(operation: string, at: Date, text: string): Promise<void> {
    await this.#update(keyOf.event(operation, at.toISOString()), { at: at.toISOString(), text });
  }

  async transfer(operation: string, id: string): Promise<TransferRecord | undefined> {
    return this.#get<TransferRecord>(keyOf.transfer(operation, id));
  }

  transfers(operation: string): Promise<TransferRecord[]> {
    return this.#query<TransferRecord>(`OP#${operation}`, 'TRANSFER#');
  }

  async updateTransfer(operation: string, id: string, fields: Partial<TransferRecord>): Promise<void> {
    await this.#update(keyOf.transfer(operation, id), fields);
  }

  /** What a step created that has no token of AWS: asked for at `requestedAt`, `made` once the answer was there. */
  creation<Made>(operation: string, step: string): Promise<{ requestedAt: string; made?: Made } | undefined> {
    return this.#get(keyOf.creation(operation, step));
  }

  async updateCreation(operation: string, step: string, fields: Fields): Promise<void> {
    await this.#update(keyOf.creation(operation, step), fields);
  }

  async removeCreation(operation: string, step: string): Promise<void> {
    await this.#remove(keyOf.creation(operation, step));
  }

  async unit(operation: string, transfer: string, unit: number): Promise<UnitRecord | undefined> {
    return this.#get<UnitRecord>(keyOf.unit(operation, transfer, unit));
  }

  /** Units in ascending order of their blocks. */
  units(operation: string, transfer: string): Promise<UnitRecord[]> {
    return this.#query<UnitRecord>(`OP#${operation}`, `UNIT#${transfer}#`);
  }

  async addUnit(operation: string, transfer: string, unit: UnitRecord): Promise<void> {
    await this.#update(keyOf.unit(operation, transfer, unit.unit), { ...unit });
  }

  async #get<Item>(key: Fields): Promise<Item | undefined> {
    const answer = await catalogueCall('read the catalogue', () =>
      this.#documents.send(new GetCommand({ TableName: this.#table, Key: key, ConsistentRead: true })),
    );
    return answer.Item === undefined ? undefined : withoutKey<Item>(answer.Item);
  }

  async #query<Item>(pk: string, prefix: string): Promise<Item[]> {
    return catalogueCall('read the catalogue', async () => {
      const items: Item[] = [];
      const query = {
        TableName: this.#table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': pk, ':prefix': prefix },
      };
      for await (const page of paginateQuery({ client: this.#documents }, query))
        items.push(...(page.Items ?? []).map((item) => withoutKey<Item>(item)));
      return items;
    });
  }

  /** One conditional write. Returns whether the condition held. */
  async #update(key: Fields, fields: Fields, condition: Condition = {}): Promise<boolean> {
    const command = new UpdateCommand({ TableName: this.#table, Key: key, ...updateExpression(fields, condition) });
    try {
      await this.#documents.send(command);
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false;
      return catalogueCall('write to the catalogue', () => Promise.reject(error as Error));
    }
  }

  async #remove(key: Fields): Promise<void> {
    await catalogueCall('write to the catalogue', () =>
      this.#documents.send(new DeleteCommand({ TableName: this.#table, Key: key })),
    );
  }
}

/** Told apart from a silent Region: see `CatalogueUnavailable`. */
async function catalogueCall<Output>(what: string, call: () => Promise<Output>): Promise<Output> {
  try {
    return await awsCall(what, call);
  } catch (error) {
    if (!isTransient(error)) throw error;
    throw new Failure('CatalogueUnavailable', error.message, { cause: error });
  }
}

/** An item's key is the catalogue's own business, and may not be written back as a field. */
function withoutKey<Item>({ pk: _pk, sk: _sk, ...fields }: Record<string, unknown>): Item {
  return fields as Item;
}

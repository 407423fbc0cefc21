import type { Operation, PlanState, RecoveryPoint, Twin } from '../../lib/domain/catalogue.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import type { RecordedCall } from '../../sim/call-record.ts';
import { keyOf, RawTable } from '../raw-table.ts';

/** The items of one plan, read from the table itself and not through what the product makes of them. */
export interface Table {
  readonly state: PlanState | undefined;
  readonly points: readonly RecoveryPoint[];
  readonly twins: readonly Twin[];
  readonly operations: readonly Operation[];
}

/** One for each stage: clients are costly to make, and checkers look often. */
const tables = new WeakMap<Stage, RawTable>();

function tableOf(stage: Stage): RawTable {
  const table = tables.get(stage) ?? new RawTable(stage);
  tables.set(stage, table);
  return table;
}

async function read<Kind>(stage: Stage, prefix: string): Promise<Kind[]> {
  return (await tableOf(stage).itemsOf(`PLAN#${stage.plan.name}`, prefix)) as unknown as Kind[];
}

/**
 * Looks at what is read of the table once it is there. A Region that is out tells nothing: what was missed is looked at with the next event, and at the end.
 */
export function whenRead<Value>(reading: Promise<Value>, look: (value: Value) => void): void {
  void reading.then(look, () => undefined);
}

export async function readState(stage: Stage): Promise<PlanState | undefined> {
  return (await read<PlanState>(stage, 'STATE'))[0];
}

export async function readPoints(stage: Stage): Promise<RecoveryPoint[]> {
  const headers = await read<Omit<RecoveryPoint, 'servers'>>(stage, 'RP#');
  const servers = await read<RecoveryPoint['servers'][string] & { point: string; server: string }>(stage, 'SERVER#');
  const ofPoint = (id: string) => servers.filter(({ point }) => point === id);
  return headers.map((header) => ({
    ...header,
    servers: Object.fromEntries(ofPoint(header.id).map((server) => [server.server, server])),
  }));
}

export async function readTwins(stage: Stage): Promise<Twin[]> {
  return read(stage, 'TWIN#');
}

export async function readOperations(stage: Stage): Promise<Operation[]> {
  return read(stage, 'OP#');
}

/** Ids of operations whose evidence is owed. */
export async function readOwedEvidence(stage: Stage): Promise<readonly unknown[]> {
  return (await tableOf(stage).itemsOf('EVIDENCE', 'PLAN#')).map(({ operation }) => operation);
}

export async function readTable(stage: Stage): Promise<Table> {
  return {
    state: await readState(stage),
    points: await readPoints(stage),
    twins: await readTwins(stage),
    operations: await readOperations(stage),
  };
}

/** Servers that the operation behind which production runs went on without, and whether they run all the same. */
export function leftOutNow({ state, operations }: Table): ReadonlyMap<string, boolean> {
  const last = operations.find(({ id }) => id === state?.commit);
  const found = Object.entries((last?.leftOut ?? {}) as Partial<Operation['leftOut']>);
  return new Map(found.map(([server, how]) => [server, how?.isRunning === true]));
}

/** A call is told before it happens; so long after that it has. */
export const writtenMs = 1;

/** The sort key of the item that a call changes, `undefined` for any other call. */
export function changedItem(call: RecordedCall): string | undefined {
  return call.service === 'dynamodb' && call.operation === 'UpdateItem' ? keyOf(call).sk : undefined;
}

/** Whether a call writes the status or the pins of a recovery point. */
export function isPointWrite(call: RecordedCall): boolean {
  if (changedItem(call)?.startsWith('RP#') !== true) return false;
  const names = Object.values((call.input['ExpressionAttributeNames'] ?? {}) as Record<string, string>);
  return names.includes('status') || names.includes('pins');
}

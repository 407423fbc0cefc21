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

export async function readTable(stage: Stage): Promise<Table> {
  const table = tables.get(stage) ?? new RawTable(stage);
  tables.set(stage, table);
  const ofPlan = (await table.items()).filter(({ pk }) => pk === `PLAN#${stage.plan.name}`);
  const named = <Kind>(prefix: string) => ofPlan.filter(({ sk }) => sk.startsWith(prefix)) as unknown as Kind[];
  const servers = named<RecoveryPoint['servers'][string] & { point: string; server: string }>('SERVER#');
  const ofPoint = (id: string) => servers.filter(({ point }) => point === id);
  return {
    state: named<PlanState>('STATE')[0],
    points: named<Omit<RecoveryPoint, 'servers'>>('RP#').map((header) => ({
      ...header,
      servers: Object.fromEntries(ofPoint(header.id).map((server) => [server.server, server])),
    })),
    twins: named<Twin>('TWIN#'),
    operations: named<Operation>('OP#'),
  };
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

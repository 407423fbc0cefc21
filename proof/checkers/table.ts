import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import type { Operation, PlanState, RecoveryPoint, Twin } from '../../lib/domain/catalogue.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import type { RecordedCall } from '../../sim/call-record.ts';

/** The items of one plan, read from the table itself and not through what the product makes of them. */
export interface Table {
  readonly state: PlanState | undefined;
  readonly points: readonly RecoveryPoint[];
  readonly twins: readonly Twin[];
  readonly operations: readonly Operation[];
}

type Item = Readonly<Record<string, unknown>>;

export async function readTable({ cloud, plan, tableName }: Stage): Promise<Table> {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(cloud.clientConfig(plan.recovery.region)));
  const items: Item[] = [];
  for await (const page of paginateScan({ client }, { TableName: tableName, ConsistentRead: true }))
    items.push(...(page.Items ?? []));
  const ofPlan = items.filter(({ pk }) => pk === `PLAN#${plan.name}`);
  const named = <Kind>(prefix: string) => ofPlan.filter(({ sk }) => String(sk).startsWith(prefix)) as unknown as Kind[];
  return {
    state: named<PlanState>('STATE')[0],
    points: named<RecoveryPoint>('RP#'),
    twins: named<Twin>('TWIN#'),
    operations: named<Operation>('OP#'),
  };
}

/** A call is told before it happens; so long after that it has. */
export const writtenMs = 1;

/** Whether a call writes the status or the pins of a recovery point. */
export function isPointWrite({ operation, input }: RecordedCall): boolean {
  const key = input['Key'] as { sk?: { S?: string } } | undefined;
  if (operation !== 'UpdateItem' || key?.sk?.S?.startsWith('RP#') !== true) return false;
  const names = Object.values((input['ExpressionAttributeNames'] ?? {}) as Record<string, string>);
  return names.includes('status') || names.includes('pins');
}

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, paginateQuery, paginateScan, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Stage } from '../rehearsal/stage.ts';
import type { RecordedCall } from '../sim/call-record.ts';

export interface RawItem {
  readonly pk: string;
  readonly sk: string;
  readonly [field: string]: unknown;
}

/** The catalogue's table behind the catalogue's back. */
export class RawTable {
  readonly #name: string;
  readonly #documents: DynamoDBDocumentClient;

  constructor({ cloud, plan, tableName }: Stage) {
    this.#name = tableName;
    const client = new DynamoDBClient(cloud.clientConfig(plan.recovery.region));
    this.#documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  }

  async items(): Promise<RawItem[]> {
    const found: RawItem[] = [];
    for await (const page of paginateScan({ client: this.#documents }, { TableName: this.#name, ConsistentRead: true }))
      found.push(...((page.Items ?? []) as RawItem[]));
    return found;
  }

  /** Those of one partition key, whose sort keys begin with a text. */
  async itemsOf(pk: string, prefix: string): Promise<RawItem[]> {
    const found: RawItem[] = [];
    const query = {
      TableName: this.#name,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': pk, ':prefix': prefix },
    };
    for await (const page of paginateQuery({ client: this.#documents }, query))
      found.push(...((page.Items ?? []) as RawItem[]));
    return found;
  }

  async put(item: RawItem): Promise<void> {
    await this.#documents.send(new PutCommand({ TableName: this.#name, Item: item }));
  }

  async remove({ pk, sk }: Pick<RawItem, 'pk' | 'sk'>): Promise<void> {
    await this.#documents.send(new DeleteCommand({ TableName: this.#name, Key: { pk, sk } }));
  }

  /** Puts back, as they were in `before`, the items that these calls wrote. */
  async restore(before: ReadonlyMap<string, RawItem>, calls: readonly RecordedCall[]): Promise<void> {
    const touched = new Map(
      calls
        .filter(({ operation }) => /^(Update|Delete)Item$/.test(operation))
        .map((call) => [nameOf(keyOf(call)), keyOf(call)]),
    );
    for (const [name, key] of touched) {
      const item = before.get(name);
      await (item === undefined ? this.remove(key) : this.put(item));
    }
  }
}

/** The key that a call of DynamoDB on one item names. */
export function keyOf({ input }: RecordedCall): { pk: string; sk: string } {
  const { pk, sk } = input.Key as { pk: { S: string }; sk: { S: string } };
  return { pk: pk.S, sk: sk.S };
}

export function nameOf({ pk, sk }: Pick<RawItem, 'pk' | 'sk'>): string {
  return `${pk} / ${sk}`;
}

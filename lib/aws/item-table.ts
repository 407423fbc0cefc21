import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  paginateQuery,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { catalogueCall } from './call.ts';
import { type Key, type KeyCondition, type Kind, parseItem, startingWith } from './catalogue-items.ts';
import { type Condition, type Fields, updateExpression } from './update-expression.ts';

/** A table of items: every read is consistent and checks what it reads, every write is one item under one condition. @source aws-facts [6] */
export class ItemTable {
  readonly #table: string;
  readonly #documents: DynamoDBDocumentClient;

  constructor(table: string, client: DynamoDBClient) {
    this.#table = table;
    this.#documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  }

  async get<Item>(key: Key, kind: Kind<Item>): Promise<Item | undefined> {
    const get = new GetCommand({ TableName: this.#table, Key: key, ConsistentRead: true });
    const answer = await catalogueCall('read the catalogue', () => this.#documents.send(get));
    return answer.Item === undefined ? undefined : parseItem(answer.Item, kind);
  }

  query<Item>(pk: string, prefix: string, kind: Kind<Item>): Promise<Item[]> {
    return this.queryAll(startingWith(pk, prefix), kind);
  }

  async queryAll<Item>(of: KeyCondition, kind: Kind<Item>): Promise<Item[]> {
    return catalogueCall('read the catalogue', async () => {
      const items: Item[] = [];
      for await (const page of paginateQuery({ client: this.#documents }, this.#consistent(of)))
        items.push(...(page.Items ?? []).map((item) => parseItem(item, kind)));
      return items;
    });
  }

  /** Items in the order of their keys, or in the other one, up to the first that is enough, it included; `pageSize` of them are read at once. */
  queryUntil<Item>(
    of: KeyCondition,
    kind: Kind<Item>,
    reading: {
      readonly isEnough: (item: Item) => boolean;
      readonly oldestFirst: boolean;
      readonly pageSize: number;
    },
  ): Promise<Item[]> {
    const { isEnough, oldestFirst, pageSize } = reading;
    const query = { ...this.#consistent(of), ScanIndexForward: oldestFirst };
    return catalogueCall('read the catalogue', async () => {
      const items: Item[] = [];
      for await (const page of paginateQuery({ client: this.#documents, pageSize }, query))
        for (const found of page.Items ?? []) {
          const item = parseItem(found, kind);
          items.push(item);
          if (isEnough(item)) return items;
        }
      return items;
    });
  }

  async hasAny(pk: string, prefix: string): Promise<boolean> {
    const query = new QueryCommand({ ...this.#consistent(startingWith(pk, prefix)), Limit: 1 });
    return ((await catalogueCall('read the catalogue', () => this.#documents.send(query))).Items ?? []).length > 0;
  }

  #consistent(of: KeyCondition) {
    return { TableName: this.#table, ConsistentRead: true, ...of };
  }

  /** One conditional write. Returns whether the condition held. */
  update(key: Fields, fields: Fields, condition: Condition = {}): Promise<boolean> {
    const command = new UpdateCommand({ TableName: this.#table, Key: key, ...updateExpression(fields, condition) });
    return ifItHolds(() => this.#documents.send(command));
  }

  /** Removes an item while the condition, which names one attribute at least, holds. Returns whether it did. */
  removeIf(key: Fields, condition: Condition): Promise<boolean> {
    const command = new DeleteCommand({ TableName: this.#table, Key: key, ...updateExpression({}, condition) });
    return ifItHolds(() => this.#documents.send(command));
  }

  async remove(key: Fields): Promise<void> {
    await catalogueCall('write to the catalogue', () =>
      this.#documents.send(new DeleteCommand({ TableName: this.#table, Key: key })),
    );
  }
}

async function ifItHolds(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false;
    return catalogueCall('write to the catalogue', () => Promise.reject(error as Error));
  }
}

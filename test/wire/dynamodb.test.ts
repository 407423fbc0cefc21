import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { DynamoDb } from '../../sim/dynamodb/dynamodb.ts';
import { AwsError, type Call } from '../../sim/service.ts';
import { recording } from './recording.ts';

const TableName = 'shop';
const Item = { pk: { S: 'a & <b> "c" é' }, n: { N: '7' }, empty: { S: '' }, bytes: { B: new Uint8Array([0, 255]) } };
const Key = { pk: Item.pk };

describe('DynamoDB over the wire', () => {
  let seen: { call: Call; input: unknown }[];
  let fault: (call: Call) => void;
  let client: DynamoDBClient;

  beforeEach(async () => {
    seen = [];
    fault = () => {};
    const dynamodb = new DynamoDb();
    await dynamodb.createTable({
      TableName,
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    });
    const cloud = recording(
      {},
      {
        dynamodb,
        around: (call, input, run) => {
          seen.push({ call, input });
          fault(call);
          return run();
        },
      },
    );
    client = new DynamoDBClient(cloud.config);
  });

  it('carries requests to the database and its answers back as they stand', async () => {
    await client.send(new PutItemCommand({ TableName, Item }));
    expect((await client.send(new GetItemCommand({ TableName, Key }))).Item).toEqual(Item);
  });

  it('shows each call to what stands around it, by its name and with the JSON that was sent', async () => {
    await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
    expect(seen).toEqual([
      {
        call: expect.objectContaining({ service: 'dynamodb', operation: 'GetItem', region: 'us-west-2' }),
        input: { TableName, Key, ConsistentRead: true },
      },
    ]);
  });

  it('answers a fault before it reaches the database, as DynamoDB answers errors', async () => {
    fault = ({ operation }) => {
      if (operation === 'PutItem') throw new AwsError('ProvisionedThroughputExceededException', 'slow down', 400);
    };
    await expect(client.send(new PutItemCommand({ TableName, Item }))).rejects.toMatchObject({
      name: 'ProvisionedThroughputExceededException',
      message: 'slow down',
      $metadata: { httpStatusCode: 400 },
    });
    expect((await client.send(new GetItemCommand({ TableName, Key }))).Item).toBeUndefined();
  });

  it("lets the database's own errors through", async () => {
    await expect(
      client.send(new PutItemCommand({ TableName, Item, ConditionExpression: 'attribute_exists(pk)' })),
    ).rejects.toMatchObject({ name: 'ConditionalCheckFailedException', $metadata: { httpStatusCode: 400 } });
  });
});

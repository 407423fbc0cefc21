import dynalite from 'dynalite';
import { inject } from 'light-my-request';
import type { WireRequest, WireResponse } from '../wire/wire.ts';

declare module '../cloud.ts' {
  interface Services {
    dynamodb: DynamoDb;
  }
}

type Listener = Parameters<typeof inject>[0];

/** DynamoDB of one Region: dynalite, called in-process with the request as the SDK signed it. */
export class DynamoDb {
  /** What has been read so far: items that a request looked at, whether it returned them or not, and bytes of answers. */
  readonly read = { items: 0, bytes: 0 };
  /** Items written or deleted so far. */
  written = 0;
  readonly #listener: Listener;

  constructor() {
    const [listener] = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 }).listeners('request');
    this.#listener = listener as Listener;
  }

  /** Creates a table from a template's properties; protections and backups are accepted and change nothing here. */
  async createTable(properties: Readonly<Record<string, unknown>>): Promise<void> {
    const { TableName, KeySchema, AttributeDefinitions, BillingMode } = properties;
    const body = Buffer.from(JSON.stringify({ TableName, KeySchema, AttributeDefinitions, BillingMode }));
    const headers = {
      'x-amz-target': 'DynamoDB_20120810.CreateTable',
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-date': '20260101T000000Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=deploy/20260101/here/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
    };
    const answer = await this.answer({ method: 'POST', hostname: '', path: '/', headers, body });
    if (answer.status !== 200)
      throw new Error(`The table ${String(TableName)} could not be created: ${Buffer.from(answer.body).toString()}`);
    // It becomes active at the next timer, and a stack is complete only when it is.
    await new Promise((active) => setTimeout(active, 1));
  }

  async answer({ method, path, headers, body }: WireRequest): Promise<WireResponse> {
    const answer = await inject(this.#listener, {
      method: method as 'POST',
      url: path,
      headers,
      payload: Buffer.from(body),
    });
    this.#count(String(headers['x-amz-target']).split('.').at(-1), answer.rawPayload);
    // Its date is the machine's own, which clients on virtual time would take for a skew of their clock.
    const { date: _, ...others } = answer.headers as Record<string, string>;
    return { status: answer.statusCode, headers: others, body: answer.rawPayload };
  }

  #count(operation: string | undefined, body: Buffer): void {
    if (operation === 'UpdateItem' || operation === 'PutItem' || operation === 'DeleteItem') this.written += 1;
    if (operation !== 'Query' && operation !== 'GetItem' && operation !== 'Scan') return;
    const scanned = /"ScannedCount":(\d+)/.exec(body.toString('latin1'))?.[1];
    this.read.items += operation === 'GetItem' ? 1 : Number(scanned ?? 0);
    this.read.bytes += body.length;
  }
}

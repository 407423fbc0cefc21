import dynalite from 'dynalite';
import { inject } from 'light-my-request';
import type { WireRequest, WireResponse } from '../wire/wire.ts';

type Listener = Parameters<typeof inject>[0];

/** DynamoDB of one Region: dynalite, called in-process with the request as the SDK signed it. */
export class DynamoDb {
  readonly #listener: Listener;

  constructor() {
    const [listener] = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 }).listeners('request');
    this.#listener = listener as Listener;
  }

  async answer({ method, path, headers, body }: WireRequest): Promise<WireResponse> {
    const answer = await inject(this.#listener, {
      method: method as 'POST',
      url: path,
      headers,
      payload: Buffer.from(body),
    });
    return { status: answer.statusCode, headers: answer.headers as Record<string, string>, body: answer.rawPayload };
  }
}

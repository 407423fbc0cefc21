import { Readable } from 'node:stream';
import { HttpResponse, type HttpRequest } from '@smithy/core/protocols';
import type { HttpHandlerOptions } from '@smithy/types';
import type { Dispatch } from './wire.ts';

/** How long a client waits for an answer, in milliseconds of virtual time. */
const answerMsMax = 30_000;

/** The `requestHandler` of SDK clients whose requests are answered in this process. */
export function inProcessHandler(dispatch: Dispatch) {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    httpHandlerConfigs: () => ({}),
    updateHttpClientConfig: () => {},
    destroy: () => {},
    async handle(request: HttpRequest, options: HttpHandlerOptions = {}): Promise<{ response: HttpResponse }> {
      const query = new URLSearchParams(
        Object.entries(request.query ?? {}).flatMap(([key, value]) =>
          [value ?? []].flat().map((each): [string, string] => [key, each]),
        ),
      );
      const path = query.size === 0 ? request.path : `${request.path}?${query}`;
      const { method, hostname, headers } = request;
      const answer = await withinTime(
        dispatch({ method, hostname, path, headers, body: bytesOf(request.body) }),
        options,
      );
      return {
        response: new HttpResponse({
          statusCode: answer.status,
          headers: answer.headers,
          body: Readable.from([answer.body]),
        }),
      };
    },
  };
}

function bytesOf(body: unknown): Uint8Array {
  if (body === undefined || body === null) return new Uint8Array();
  if (!(body instanceof Uint8Array)) return Buffer.from(String(body));
  // The SDK's JSON bodies are arrays that also play the string; as a plain view they are bytes and nothing else.
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

function withinTime<Answer>(
  answer: Promise<Answer>,
  { abortSignal, requestTimeout = answerMsMax }: HttpHandlerOptions,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (name: string, message: string) => reject(Object.assign(new Error(message), { name }));
    const timer = setTimeout(() => fail('TimeoutError', `no answer within ${requestTimeout} ms`), requestTimeout);
    const abort = () => fail('AbortError', 'Request aborted');
    if (abortSignal?.aborted === true) abort();
    if (abortSignal instanceof AbortSignal) abortSignal.addEventListener('abort', abort, { once: true });
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

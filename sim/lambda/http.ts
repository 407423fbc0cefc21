import { EventEmitter } from 'node:events';
import { METHODS, STATUS_CODES } from 'node:http';
import { Readable, Writable } from 'node:stream';
import type { WireResponse } from '../wire/wire.ts';
import type { Network, Reach } from './network.ts';

type Protocol = 'http:' | 'https:';

interface RequestOptions {
  host?: string;
  hostname?: string;
  port?: number | string | null;
  path?: string;
  method?: string;
  headers?: Record<string, unknown>;
  timeout?: number;
  signal?: AbortSignal;
}

/** A server speaks TLS at this port, with the right certificate, and at no other. */
const tlsPort = 443;

type OnResponse = (response: Response) => void;

/** The socket of a request: connects unless the other side never answers, and times out on virtual time. */
class Socket extends EventEmitter {
  connecting = true;
  destroyed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  setTimeout(ms: number, then?: () => void): this {
    clearTimeout(this.#timer);
    if (then !== undefined) this.once('timeout', then);
    if (ms > 0) this.#timer = setTimeout(() => this.emit('timeout'), ms);
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  connected(): void {
    this.connecting = false;
    this.emit('connect');
  }

  destroy(): this {
    this.destroyed = true;
    clearTimeout(this.#timer);
    return this;
  }
}

/** The answer as Node gives it. */
class Response extends Readable {
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly headers: Record<string, string>;
  readonly httpVersion = '1.1';
  readonly socket: Socket;
  complete = false;

  constructor(answer: WireResponse, socket: Socket) {
    super();
    this.statusCode = answer.status;
    this.statusMessage = STATUS_CODES[answer.status] ?? '';
    this.headers = Object.fromEntries(
      Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    this.socket = socket;
    if (answer.body.length > 0) this.push(answer.body);
    this.push(null);
    this.complete = true;
  }

  override _read(): void {}

  setTimeout(): this {
    return this;
  }
}

/** A request: collects its body, then goes to the network. */
class Request extends Writable {
  socket: Socket | undefined;
  readonly #chunks: Buffer[] = [];
  readonly #headers: Record<string, string> = {};
  readonly #options: RequestOptions;
  readonly #network: Network;
  readonly #protocol: Protocol;
  #answered = false;

  constructor(network: Network, protocol: Protocol, options: RequestOptions, onResponse: OnResponse | undefined) {
    super({ autoDestroy: false, emitClose: true });
    this.#network = network;
    this.#protocol = protocol;
    this.#options = options;
    for (const [name, value] of Object.entries(options.headers ?? {})) this.setHeader(name, value);
    if (onResponse !== undefined) this.once('response', onResponse);
    if (options.timeout !== undefined) this.setTimeout(options.timeout);
    options.signal?.addEventListener('abort', () => this.destroy(new DOMException('aborted', 'AbortError')), {
      once: true,
    });
    queueMicrotask(() => this.#connect());
  }

  get #host(): string {
    return this.#options.hostname ?? this.#options.host ?? 'localhost';
  }

  #connect(): void {
    if (this.destroyed) return;
    const socket = new Socket();
    this.socket = socket;
    this.emit('socket', socket);
    const port = Number(this.#options.port ?? (this.#protocol === 'https:' ? 443 : 80));
    const reached = this.#network.reach(this.#host, port);
    if (reached.kind === 'never') return;
    if (reached.kind === 'refused') {
      this.destroy(refusal(this.#host, port));
      return;
    }
    if (reached.kind === 'nameless') {
      this.destroy(unknownName(this.#host));
      return;
    }
    if (reached.kind === 'listens' && (port === tlsPort) !== (this.#protocol === 'https:')) {
      this.destroy(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));
      return;
    }
    socket.connected();
    this.emit('continue');
    if (this.writableFinished) void this.#send(reached);
    else this.once('finish', () => void this.#send(reached));
  }

  async #send(reached: Reach | { kind: 'aws' }): Promise<void> {
    const path = this.#options.path ?? '/';
    try {
      const answer =
        reached.kind === 'listens'
          ? serverAnswer(path, reached.listener.healthPath)
          : await this.#network.send({
              method: this.#options.method ?? 'GET',
              hostname: this.#host,
              path,
              headers: this.#headers,
              body: Buffer.concat(this.#chunks),
            });
      if (!this.destroyed) this.#answer(answer);
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  #answer(answer: WireResponse): void {
    this.#answered = true;
    const response = new Response(answer, this.socket ?? new Socket());
    response.once('close', () => this.destroy());
    if (!this.emit('response', response)) response.resume();
  }

  override _write(chunk: Buffer | string, encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.socket?.destroy();
    const hungUp = () => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    done(error ?? (this.#answered ? null : hungUp()));
  }

  setHeader(name: string, value: unknown): this {
    this.#headers[name.toLowerCase()] = String(value);
    return this;
  }

  getHeader(name: string): string | undefined {
    return this.#headers[name.toLowerCase()];
  }

  setTimeout(ms: number, then?: () => void): this {
    if (then !== undefined) this.once('timeout', then);
    const arm = (socket: Socket) => socket.setTimeout(ms, () => this.emit('timeout'));
    if (this.socket !== undefined) arm(this.socket);
    else this.once('socket', arm);
    return this;
  }

  setNoDelay(): void {}
  setSocketKeepAlive(): void {}
  flushHeaders(): void {}

  abort(): void {
    this.destroy();
  }
}

class Agent extends EventEmitter {
  readonly options: object;
  readonly keepAlive: boolean;
  readonly keepAliveMsecs = 1000;
  readonly maxSockets: number;
  readonly sockets = {};
  readonly freeSockets = {};
  readonly requests = {};

  constructor(options: { keepAlive?: boolean; maxSockets?: number } = {}) {
    super();
    this.options = options;
    this.keepAlive = options.keepAlive ?? false;
    this.maxSockets = options.maxSockets ?? Number.POSITIVE_INFINITY;
  }

  destroy(): void {}
}

/** `node:http` or `node:https` of one function instance, as far as HTTP clients use it. */
export function httpModule(network: Network, protocol: Protocol): object {
  const request = (first: string | URL | RequestOptions, ...rest: unknown[]) => {
    const onResponse = rest.find((argument) => typeof argument === 'function') as OnResponse | undefined;
    const more = rest.find((argument) => typeof argument === 'object' && argument !== null) as
      | RequestOptions
      | undefined;
    return new Request(network, protocol, { ...locate(first), ...more }, onResponse);
  };
  const get = (first: string | URL | RequestOptions, ...rest: unknown[]) => {
    const sent = request(first, ...rest);
    sent.end();
    return sent;
  };
  return {
    request,
    get,
    Agent,
    globalAgent: new Agent(),
    ClientRequest: Request,
    IncomingMessage: Response,
    METHODS,
    STATUS_CODES,
  };
}

function locate(first: string | URL | RequestOptions): RequestOptions {
  if (typeof first !== 'string' && !(first instanceof URL)) return first;
  const url = new URL(first);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { hostname: host, path: url.pathname + url.search, ...(url.port === '' ? {} : { port: url.port }) };
}

function serverAnswer(path: string, healthPath: string | undefined): WireResponse {
  const isHealthy = healthPath === undefined || path.split('?')[0] === healthPath;
  return {
    status: isHealthy ? 200 : 404,
    headers: { 'content-type': 'text/plain' },
    body: Buffer.from(isHealthy ? 'ok' : ''),
  };
}

/** The error of a port where nothing listens. */
export function refusal(address: string, port: number): Error {
  const message = `connect ECONNREFUSED ${address}:${port}`;
  return Object.assign(new Error(message), { code: 'ECONNREFUSED', errno: -111, syscall: 'connect', address, port });
}

/** The error of a name that DNS does not know. */
export function unknownName(hostname: string): Error {
  const message = `getaddrinfo ENOTFOUND ${hostname}`;
  return Object.assign(new Error(message), { code: 'ENOTFOUND', errno: -3008, syscall: 'getaddrinfo', hostname });
}

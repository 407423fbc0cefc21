import { isIP, isIPv4, isIPv6 } from 'node:net';
import { Duplex } from 'node:stream';
import { refusal, unknownName } from './http.ts';
import type { Network } from './network.ts';

interface ConnectOptions {
  port: number;
  host?: string;
  timeout?: number;
}

/** `node:net` of one function instance: enough to ask whether a port accepts connections. */
export function netModule(network: Network): object {
  class Socket extends Duplex {
    connecting = false;
    #timer: ReturnType<typeof setTimeout> | undefined;

    constructor(options: { timeout?: number } = {}) {
      super({ autoDestroy: true });
      if (options.timeout !== undefined) this.setTimeout(options.timeout);
    }

    connect(first: number | ConnectOptions, ...rest: unknown[]): this {
      const host = typeof rest[0] === 'string' ? rest[0] : 'localhost';
      const options = typeof first === 'object' ? first : { port: first, host };
      const then = rest.find((argument) => typeof argument === 'function') as (() => void) | undefined;
      if (then !== undefined) this.once('connect', then);
      if (options.timeout !== undefined) this.setTimeout(options.timeout);
      this.connecting = true;
      queueMicrotask(() => this.#meet(options.host ?? 'localhost', Number(options.port)));
      return this;
    }

    #meet(host: string, port: number): void {
      if (this.destroyed) return;
      const reached = network.reach(host, port);
      if (reached.kind === 'aws') this.destroy(network.refuse(`a raw TCP connection to ${host}`));
      if (reached.kind === 'refused') this.destroy(refusal(host, port));
      if (reached.kind === 'nameless') this.destroy(unknownName(host));
      if (reached.kind !== 'listens') return;
      this.connecting = false;
      this.emit('connect');
      this.emit('ready');
    }

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

    ref(): this {
      return this;
    }

    unref(): this {
      return this;
    }

    override _read(): void {}

    override _write(_chunk: unknown, _encoding: string, done: () => void): void {
      done();
    }

    override _final(done: () => void): void {
      this.push(null);
      done();
    }

    override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
      clearTimeout(this.#timer);
      done(error);
    }
  }
  const connect = (first: number | ConnectOptions, ...rest: unknown[]) => new Socket().connect(first, ...rest);
  return { Socket, Stream: Socket, connect, createConnection: connect, isIP, isIPv4, isIPv6 };
}

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve, sep } from 'node:path';
import { Writable } from 'node:stream';
import { Console } from 'node:console';
import vm from 'node:vm';
import type { Random } from '../random.ts';
import { httpModule } from './http.ts';
import type { Network } from './network.ts';
import { netModule } from './tcp.ts';

type Factory = (
  exports: object,
  require: (id: string) => unknown,
  module: { exports: Record<string, unknown> },
  filename: string,
  dirname: string,
  process: object,
  console: Console,
  fetch: unknown,
  math: Math,
) => void;

/** A deployed function's exported handler. */
export type Handler = (event: unknown, context: object) => unknown;

const compiled = new Map<string, Factory>();
const nodeRequire = createRequire(import.meta.url);

/** Compiles a bundle once, however many functions and clouds deploy it: an asset is named by its content and never changes. */
function compile(file: string): Factory {
  let factory = compiled.get(file);
  if (factory === undefined) {
    const names = ['exports', 'require', 'module', '__filename', '__dirname', 'process', 'console', 'fetch', 'Math'];
    factory = vm.compileFunction(readFileSync(file, 'utf8'), names, { filename: file }) as Factory;
    compiled.set(file, factory);
  }
  return factory;
}

/** What one instance of a function is started with. */
export interface Start {
  readonly assetDir: string;
  /** `file.export`, as in the template. */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly network: Network;
  /** What `Math.random` draws from: retries of SDK clients wait a random time. */
  readonly random: Random;
  readonly log: (line: string) => void;
}

/** Runs the module text of a bundle as a new instance would and gives its handler. */
export function startInstance(start: Start): Handler {
  const [module, name] = start.handler.split('.');
  const file = join(start.assetDir, `${module}.js`);
  const factory = compile(file);
  const proc = instanceProcess(start);
  const con = new Console({
    stdout: proc.stdout as NodeJS.WritableStream,
    stderr: proc.stderr as NodeJS.WritableStream,
  });
  const holder: { exports: Record<string, unknown> } = { exports: {} };
  const require = instanceRequire(start, proc, con);
  const noFetch = () => {
    throw start.network.refuse('fetch() instead of node:https');
  };
  factory.call(
    holder.exports,
    holder.exports,
    require,
    holder,
    file,
    start.assetDir,
    proc,
    con,
    noFetch,
    seededMath(start.random),
  );
  const handler = holder.exports[name ?? 'handler'];
  if (typeof handler !== 'function') {
    const missing = new Error(`${start.handler} is undefined or not exported`);
    missing.name = 'Runtime.HandlerNotFound';
    throw missing;
  }
  return handler as Handler;
}

function seededMath(random: Random): Math {
  return Object.create(Math, { random: { value: () => random.next() } }) as Math;
}

function logStream(log: (line: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: Buffer | string, _encoding, done) {
      for (const line of chunk.toString().split('\n')) if (line !== '') log(line);
      done();
    },
  });
}

function instanceProcess(start: Start): Record<string, unknown> {
  const exit = (code?: number) => {
    throw start.network.refuse(`process.exit(${code ?? ''})`);
  };
  const own: Record<string, unknown> = {
    env: { ...start.environment },
    stdout: logStream(start.log),
    stderr: logStream(start.log),
    argv: ['node', 'index.js'],
    exit,
    cwd: () => start.assetDir,
    emitWarning: (warning: unknown) => start.log(String(warning)),
  };
  own.on = own.once = own.off = own.removeListener = () => own;
  return new Proxy(own, {
    get: (target, key) => (key in target ? target[key as string] : Reflect.get(process, key)),
  });
}

function instanceRequire(start: Start, proc: object, con: Console): (id: string) => unknown {
  const shims: Record<string, () => unknown> = {
    http: () => httpModule(start.network, 'http:'),
    https: () => httpModule(start.network, 'https:'),
    net: () => netModule(start.network),
    process: () => proc,
    console: () => Object.assign(Object.create(con), { Console }),
    fs: () => fileSystem(start.assetDir),
    'fs/promises': () => (fileSystem(start.assetDir) as { promises: object }).promises,
    timers: timersModule,
    'timers/promises': timersPromises,
    http2: () => ({ ...(nodeRequire('node:http2') as object), connect: refused(start, 'http2.connect') }),
    tls: () => ({ ...(nodeRequire('node:tls') as object), connect: refused(start, 'tls.connect') }),
    child_process: () => ({ exec: refused(start, 'child_process'), spawn: refused(start, 'child_process') }),
    worker_threads: () => {
      throw start.network.refuse('worker_threads');
    },
  };
  const loaded = new Map<string, unknown>();
  return (id) => {
    const bare = id.replace(/^node:/, '');
    if (loaded.has(bare)) return loaded.get(bare);
    const shim = shims[bare];
    const module = shim !== undefined ? shim() : requireReal(id, start);
    loaded.set(bare, module);
    return module;
  };
}

function requireReal(id: string, { assetDir, network }: Start): unknown {
  if (!id.startsWith('.')) return nodeRequire(id);
  const path = resolve(assetDir, id);
  if (!path.endsWith('.json')) throw network.refuse(`require('${id}') of a further file`);
  return JSON.parse(readFileSync(path, 'utf8'));
}

function refused({ network }: Start, what: string): () => never {
  return () => {
    throw network.refuse(what);
  };
}

/**
 * The instance's disk: the deployed asset, read without waiting for real input or output, and nothing else,
 * so that no developer's `~/.aws` changes a rehearsal and no real wait hides from virtual time.
 */
function fileSystem(assetDir: string): object {
  const root = resolve(assetDir) + sep;
  const real = nodeRequire('node:fs') as Record<string, unknown>;
  const readSync = (path: unknown, options?: unknown) => {
    const file = resolve(String(path));
    if (!(file + sep).startsWith(root)) {
      throw Object.assign(new Error(`ENOENT: no such file or directory, open '${basename(file)}'`), { code: 'ENOENT' });
    }
    return readFileSync(file, options as BufferEncoding);
  };
  const readFile = async (path: unknown, options?: unknown) => readSync(path, options);
  const readCallback = (path: unknown, ...rest: unknown[]) => {
    const done = rest.at(-1) as (error: unknown, text?: unknown) => void;
    const options = rest.length > 1 ? rest[0] : undefined;
    readFile(path, options).then((text) => done(null, text), done);
  };
  return {
    ...real,
    readFileSync: readSync,
    readFile: readCallback,
    promises: { ...(real.promises as object), readFile },
  };
}

function timersModule(): object {
  const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } = globalThis;
  return {
    setTimeout,
    clearTimeout,
    setInterval,
    clearInterval,
    setImmediate,
    clearImmediate,
    promises: timersPromises(),
  };
}

function timersPromises(): object {
  const wait = (ms: number, value?: unknown) => new Promise((settle) => void setTimeout(() => settle(value), ms));
  return { setTimeout: wait, scheduler: { wait } };
}

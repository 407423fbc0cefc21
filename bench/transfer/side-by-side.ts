import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { sparingMemory } from '../../lib/infra/mover.ts';
import { selfSigned } from './certificate.ts';
import { type WayNumbers, ways } from './way.ts';

export interface SideBySide {
  readonly runs: readonly WayNumbers[];
  /** Of the run with the least CPU of each way: what disturbs a run only adds to it. */
  readonly best: Readonly<Record<string, WayNumbers>>;
  readonly toBaseline: number;
  readonly toBound: number;
  readonly requests: { readonly expected: string; readonly counted: object };
}

const sizeGib = 1;

/**
 * The three ways beside each other over TLS on the loopback, in turns and each turn short, since others use this machine too. The server, which checks
 * signatures and checksums, is a process of its own and its CPU is not counted.
 */
export async function compareWays(changed: number, turns: number): Promise<SideBySide> {
  const folder = mkdtempSync(join(tmpdir(), 'homeward-bench-'));
  const certificate = selfSigned();
  const file = join(folder, 'cert.pem');
  writeFileSync(file, certificate.cert);
  const keys = { AWS_ACCESS_KEY_ID: 'AKIDBENCH', AWS_SECRET_ACCESS_KEY: 'bench', AWS_REGION: 'us-west-2' };
  const server = started(join(import.meta.dirname, 'server.ts'), keys);
  try {
    const { port } = (await asked(server, { certificate, options: { sizeGib, changed, isChecking: true } })) as {
      port: number;
    };
    const env = { ...keys, AWS_ENDPOINT_URL_EBS: `https://127.0.0.1:${port}`, NODE_EXTRA_CA_CERTS: file };
    const bundle = await bundled(folder);
    const runs: WayNumbers[] = [];
    let counted: object = {};
    for (let turn = 0; turn < turns; turn += 1)
      for (const way of ways) {
        const before = await countOf(server);
        // As its function is deployed; the others as Node comes.
        const child = started(bundle, way === 'engine' ? { ...env, ...sparingMemory } : env);
        runs.push((await asked(child, { way, port, sizeGib, changed })) as WayNumbers);
        if (way === 'engine') counted = minus(await countOf(server), before);
      }
    return { runs, ...ratiosOf(runs), requests: { expected: '2 runs of 2 x changed + list pages + 2', counted } };
  } finally {
    server.kill();
    rmSync(folder, { recursive: true });
  }
}

function ratiosOf(runs: readonly WayNumbers[]) {
  const best: Record<string, WayNumbers> = {};
  for (const run of runs) if (run.cpuMsPerBlock < (best[run.way]?.cpuMsPerBlock ?? Infinity)) best[run.way] = run;
  const cpu = (way: string) => best[way]?.cpuMsPerBlock ?? Number.NaN;
  return { best, toBaseline: cpu('engine') / cpu('sdk'), toBound: cpu('engine') / cpu('raw') };
}

/** Without what no way uses, as the functions are deployed: it would weigh as much as the blocks in flight. */
async function bundled(folder: string): Promise<string> {
  const outfile = join(folder, 'way.cjs');
  const options = { bundle: true, platform: 'node', target: 'node24', format: 'cjs', logLevel: 'error' } as const;
  const entryPoints = [join(import.meta.dirname, 'way.ts')];
  await build({ ...options, entryPoints, outfile, mainFields: ['module', 'main'] });
  return outfile;
}

function started(file: string, env: Readonly<Record<string, string>>): ChildProcess {
  return fork(file, { env: { ...process.env, ...env } });
}

async function asked(child: ChildProcess, message: object): Promise<unknown> {
  const answer = once(child, 'message');
  const broken = once(child, 'exit').then(([code]) => {
    throw new Error(`a process of the bench ended with ${String(code)}`);
  });
  child.send(message);
  const [first] = (await Promise.race([answer, broken])) as [unknown];
  broken.catch(() => undefined);
  return first;
}

async function countOf(server: ChildProcess): Promise<Record<string, number>> {
  return ((await asked(server, {})) as { requests: Record<string, number> }).requests;
}

function minus(after: Record<string, number>, before: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(after).map(([kind, count]) => [kind, count - (before[kind] ?? 0)]));
}

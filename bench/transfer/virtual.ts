import { setImmediate } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { EBSClient } from '@aws-sdk/client-ebs';
import { type HttpRequest, HttpResponse } from '@smithy/core/protocols';
import type { Clients } from '../../lib/aws/clients.ts';
import { VirtualClock } from '../../sim/clock.ts';
import { BlockEnd, type EndOptions } from './end.ts';
import { type Carried, carryVolume } from './engine.ts';

export interface VirtualNumbers extends Carried {
  readonly sizeGib: number;
  /** From the listing to the verification. */
  readonly seconds: number;
  /** From the first block to the last. */
  readonly blocksPerSecond: number;
  /** Until nine tenths of the blocks were written, while all workers have units. */
  readonly steadyPerSecond: number;
  readonly requests: Readonly<Record<string, number>>;
  readonly throttledShare: number;
  readonly peakRssMb: number;
}

export interface VirtualOrder extends EndOptions {
  readonly workers: number;
}

/** Carries a volume through the steps in virtual time, as a process of its own. */
process.once('message', (message) => {
  carry(message as VirtualOrder).then(
    (numbers) => process.send?.(numbers, () => process.exit(0)),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function carry({ workers, ...options }: VirtualOrder): Promise<VirtualNumbers> {
  const clock = new VirtualClock(new Date('2026-01-05T10:00:00Z'));
  const end = new BlockEnd(options, () => clock.now());
  const client = new EBSClient({
    region: 'us-west-2',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 5,
    requestHandler: { handle: (request: HttpRequest) => answered(end, request) } as never,
  });
  const begun = clock.now();
  let peak = 0;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 1_000);
  const carried = await clock.settle(carryVolume((() => client) as Clients, options.sizeGib, workers));
  clearInterval(watch);
  const seconds = (clock.now() - begun) / 1_000;
  const { get, put } = end.requests;
  const secondsUntil = (ms: number) => (ms - (end.firstMs ?? 0)) / 1_000;
  clock.uninstall();
  await setImmediate();
  return {
    ...carried,
    sizeGib: options.sizeGib,
    seconds,
    blocksPerSecond: carried.blocks / secondsUntil(end.lastMs),
    steadyPerSecond: (0.9 * carried.blocks) / secondsUntil(end.mostlyMs),
    requests: end.requests,
    throttledShare: end.throttled / (get + put),
    peakRssMb: Math.max(peak, process.memoryUsage.rss()) / 2 ** 20,
  };
}

async function answered(end: BlockEnd, { method, path, query, headers, body }: HttpRequest) {
  const search = new URLSearchParams(query as Record<string, string>);
  const bytes = body instanceof Uint8Array ? body : new Uint8Array();
  const answer = end.answer(method, search.size === 0 ? path : `${path}?${search}`, headers, bytes);
  if (answer.afterMs > 0) await new Promise((resume) => setTimeout(resume, answer.afterMs));
  const { status: statusCode, headers: own, body: content } = answer;
  return { response: new HttpResponse({ statusCode, headers: { ...own }, body: Readable.from([content]) }) };
}

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '../../sim/clock.ts';
import type { Cloud, Services } from '../../sim/cloud.ts';
import type { Listening } from '../../sim/ec2/ec2.ts';
import { createRandom } from '../../sim/random.ts';
import type { WireRequest, WireResponse } from '../../sim/wire/wire.ts';

/** A cloud of one Region for tests of the orchestrating services: records what leaves it and answers by script. */
export class StageCloud implements Cloud {
  readonly account = '123456789012';
  readonly notModelled: string[] = [];
  readonly random = createRandom('stage');
  readonly requests: WireRequest[] = [];
  readonly listeners = new Map<string, Listening>();
  readonly silent = new Set<string>();
  readonly regions = ['us-east-1', 'us-west-2'];
  readonly held = new Map<string, object>();
  answer: (request: WireRequest) => Promise<WireResponse> = async () => ({
    status: 200,
    headers: {},
    body: Buffer.from(''),
  });
  crash: (functionName: string, moment: 'before' | 'after') => boolean = () => false;
  readonly clock = new VirtualClock(new Date(Date.UTC(2026, 0, 1)));

  readonly faults = {
    isSilent: (region: string) => this.silent.has(region),
    crashes: (functionName: string, moment: 'before' | 'after') => this.crash(functionName, moment),
    repeats: () => false,
  };

  dispatch(request: WireRequest): Promise<WireResponse> {
    this.requests.push(request);
    return this.answer(request);
  }

  services(_region: string): Services {
    const ec2 = { instanceAt: (address: string) => this.listeners.get(address) };
    const eventbridge = { emit: () => {} };
    return { ec2, eventbridge, ...Object.fromEntries(this.held) } as unknown as Services;
  }

  /** Runs virtual time until the promise settles. */
  until<T>(promise: Promise<T>): Promise<T> {
    return this.clock.settle(promise);
  }

  end(): void {
    this.clock.uninstall();
  }
}

/** Writes a bundle `index.js` into an asset directory of its own. */
export function asset(code: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'asset-'));
  writeFileSync(join(directory, 'index.js'), code);
  return directory;
}

/** A function definition with defaults. */
export function functionOf(
  name: string,
  code: string,
  environment: Record<string, string> = {},
  timeoutSeconds = 60,
  isInVpc = false,
) {
  return {
    name,
    arn: `arn:aws:lambda:us-west-2:123456789012:function:${name}`,
    role: 'arn:aws:iam::123456789012:role/worker',
    environment,
    handler: 'index.handler',
    assetDir: asset(code),
    timeoutSeconds,
    memoryMb: 512,
    isInVpc,
  };
}

import type { Cloud, Services } from '../../sim/cloud.ts';
import { createRandom } from '../../sim/random.ts';
import type { Call, Service, Surroundings } from '../../sim/service.ts';

interface Timer {
  readonly at: number;
  readonly then: () => void;
}

/** A cloud whose time the test moves by hand, with the services the test puts into it. */
export class ManualCloud implements Cloud {
  readonly account = '123456789012';
  readonly notModelled: string[] = [];
  readonly random = createRandom('manual');
  readonly silent = new Set<string>();
  readonly regions: readonly string[] = [];
  readonly faults = {
    isSilent: (region: string) => this.silent.has(region),
    crashes: () => false,
    repeats: () => false,
  };
  readonly clock = {
    now: () => this.#now,
    after: (ms: number, then: () => void) => {
      this.#timers.push({ at: this.#now + ms, then });
    },
  };
  #now = Date.UTC(2026, 0, 5, 10, 0, 0);
  #timers: Timer[] = [];
  readonly #services: Record<string, object> = {};

  dispatch(): never {
    throw new Error('nothing is called over the wire here');
  }

  services(_region: string): Services {
    return this.#services as unknown as Services;
  }

  /** Puts a service, or a stand-in for one, into the cloud. */
  hold<Held extends object>(name: keyof Services, service: Held): Held {
    this.#services[name] = service;
    return service;
  }

  surroundings(region = 'us-west-2'): Surroundings {
    return { region, account: this.account, cloud: this };
  }

  /** Lets virtual seconds pass. */
  async advance(seconds: number): Promise<void> {
    const until = this.#now + seconds * 1000;
    await settled();
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).sort((one, other) => one.at - other.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.at);
      next.then();
      await settled();
    }
    this.#now = until;
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resume) => setImmediate(resume));
}

/** Calls an operation of a service as the wire would after decoding; a refusal arrives as a rejection. */
export async function callOf<Output = Record<string, unknown>>(
  service: Service,
  name: string,
  input: object,
): Promise<Output> {
  const call: Call = { service: 'test', operation: name, region: 'us-west-2', requestId: 'r', role: undefined };
  const operation = service.operations[name];
  if (operation === undefined) throw new Error(`no operation ${name}`);
  return (await operation.run(input as never, call)) as Output;
}

import type { Clock } from './clock.ts';
import type { Random } from './random.ts';
import type { Dispatch } from './wire/wire.ts';

/** What a simulated service sees of the cloud it is in: one account, several Regions, one clock. */
export interface Cloud {
  /** Twelve digits. */
  readonly account: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly regions: readonly string[];
  readonly faults: FaultHooks;
  /** What was asked for and is not modelled; whoever uses the cloud must fail by it. */
  readonly notModelled: string[];
  /** The services of one Region, created on first use. Global services (Route 53) are the same object everywhere. */
  services(region: string): Services;
  /** Answers a request of an SDK client, whichever Region and service it is addressed to. */
  readonly dispatch: Dispatch;
}

/** What can go wrong around the services. */
export interface FaultHooks {
  /** Whether a Region answers nothing at present. */
  isSilent(region: string): boolean;
  /** Whether the function's instance dies now, before or after a call of its own. */
  crashes(functionName: string, moment: 'before' | 'after'): boolean;
  /** Whether this invocation of the function arrives twice. @source aws-facts [5.7] */
  repeats(functionName: string): boolean;
}

/** Service objects by name; each lives in the folder of that name and adds itself here. */
export interface Services {}

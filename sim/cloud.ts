import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

/** Filled in by the wire and clock slice. The simulated cloud: one account, several Regions, one clock. */
export interface Cloud {
  readonly account: string;
  readonly clock: Clock;
  readonly random: Random;
  /** The services of one Region, created on first use. Global services (Route 53) are the same object everywhere. */
  services(region: string): Services;
}

/** Service objects by endpoint name; each lives in the folder of that name and adds itself here. */
export interface Services {}

import type { Cloud } from '../cloud.ts';

/** How often something that a silent Region stalls looks whether the Region is back. */
const LOOK_EVERY_MS = 5_000;

/** Settles once the Region answers; at once, without a timer, where it does. */
export async function regionAnswers(cloud: Cloud, region: string): Promise<void> {
  while (cloud.faults.isSilent(region)) {
    await new Promise<void>((settle) => cloud.clock.after(LOOK_EVERY_MS, settle));
  }
}

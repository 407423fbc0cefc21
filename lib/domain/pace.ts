import { type Poll, pollingSeconds } from './poll.ts';

/** Requests of one kind that AWS takes from an account in a Region: so many at once, and then so many a second. @source aws-facts [7.1] */
interface Bucket {
  readonly atOnce: number;
  readonly perSecond: number;
}

/** RunInstances, StartInstances. */
const launches: Bucket = { atOnce: 5, perSecond: 2 };
/** RegisterImage; a tenth is left to others. */
const registrations: Bucket = { atOnce: 45, perSecond: 5 };

/** Servers of a wave that are brought up at once: of a larger one the others follow as these are up, and count their turns anew. @source aws-facts [5.5] */
export const serversAtOnce = 300;

/** Seconds from the begin of its wave until a server's turn comes, so that the servers of a wave never ask for more than AWS takes. */
export function launchSecond(index: number): number {
  return secondOf(index, launches);
}

/** Seconds from the begin of a wave until the turn of its last server comes, as far as those before it are up at once. */
export function launchesSeconds(servers: number): number {
  const whole = Math.floor(servers / serversAtOnce);
  const rest = servers % serversAtOnce;
  return whole * launchSecond(serversAtOnce - 1) + (rest === 0 ? 0 : launchSecond(rest - 1));
}

export function registrationSecond(index: number): number {
  return secondOf(index, registrations);
}

function secondOf(place: number, { atOnce, perSecond }: Bucket): number {
  const index = place % serversAtOnce;
  return index < atOnce ? 0 : Math.floor((index - atOnce) / perSecond) + 1;
}

/** Seconds until a turn comes that is `second` after the first look; 0 once it has. */
export function secondsToTurn(poll: Poll, second: number, now: Date): number {
  return Math.max(0, Math.ceil(second - pollingSeconds(poll, now)));
}

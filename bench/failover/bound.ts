/**
 * How soon AWS's quotas and a server's own boot let a failover be done, by arithmetic of its own and from the timings of the simulated
 * cloud, not from Homeward's code: images are registered while the primary is fenced, every wave launches as its bucket permits, and
 * nobody ever waits for a look.
 */
export interface Bound {
  readonly fenceSeconds: number;
  /** By wave. */
  readonly waveSeconds: readonly number[];
  readonly trafficSeconds: number;
  readonly rtoSeconds: number;
}

export interface Timing {
  readonly stopSeconds: number;
  readonly imageSeconds: number;
  readonly pendingSeconds: number;
  readonly statusSeconds: number;
  readonly serviceSeconds: number;
  readonly inSyncSeconds: number;
}

/** Requests of one kind: so many at once, then so many a second. @source aws-facts [7.1] */
const registrations = { burst: 50, perSecond: 5 };
const launches = { burst: 5, perSecond: 2 };

/** @param waves how many servers each has; empty ones are left out */
export function boundOf(waves: readonly number[], timing: Timing): Bound {
  const total = waves.reduce((sum, servers) => sum + servers, 0);
  const imagesSeconds = lastAt(total, registrations) + timing.imageSeconds;
  const fenceSeconds = Math.max(timing.stopSeconds, imagesSeconds);
  const bootSeconds = timing.pendingSeconds + timing.statusSeconds + timing.serviceSeconds;
  // While a wave boots its bucket fills again.
  const waveSeconds = waves.filter((servers) => servers > 0).map((servers) => lastAt(servers, launches) + bootSeconds);
  const trafficSeconds = timing.inSyncSeconds;
  const rtoSeconds = waveSeconds.reduce((sum, seconds) => sum + seconds, fenceSeconds + trafficSeconds);
  return { fenceSeconds, waveSeconds, trafficSeconds, rtoSeconds };
}

/** When the last of so many requests may be made. */
function lastAt(requests: number, { burst, perSecond }: typeof launches): number {
  return Math.max(0, requests - burst) / perSecond;
}

const mebibyte = 1024 * 1024;

/** How long things take in the simulated EC2, in virtual time. One object per Region; a test or rehearsal may change it. */
export interface Timings {
  /** What an operation created is described only after up to so long. @source aws-facts [7.4] */
  visibleMsMax: number;
  instancePendingMs: number;
  /** From `running` to status `ok` or `impaired`. */
  statusChecksMs: number;
  /** From status `ok` until the server's programs accept connections. */
  serviceStartMs: number;
  instanceStoppingMs: number;
  instanceTerminatingMs: number;
  /** A terminated instance is described for so long. */
  terminatedVisibleMs: number;
  volumeCreatingMs: number;
  volumeDeletingMs: number;
  attachingMs: number;
  detachingMs: number;
  imagePendingMs: number;
  /** A name stays taken after deregistration. @source aws-facts [1.10] */
  imageNameKeptMs: number;
  snapshotBaseMs: number;
  snapshotBytesPerSecond: number;
  copyBaseMs: number;
  copyBytesPerSecond: number;
  /** What one time-based copy, and all of them into the Region together, move at most. @source aws-facts [1.7] */
  timedCopyBytesPerSecondMax: number;
  timedCopiesBytesPerSecondMax: number;
  /** From CompleteSnapshot to its outcome. */
  sealingMs: number;
  blockReadMs: number;
  blockWriteMs: number;
}

export function defaultTimings(): Timings {
  return {
    visibleMsMax: 8_000,
    instancePendingMs: 20_000,
    statusChecksMs: 90_000,
    serviceStartMs: 5_000,
    instanceStoppingMs: 40_000,
    instanceTerminatingMs: 30_000,
    terminatedVisibleMs: 3_600_000,
    volumeCreatingMs: 3_000,
    volumeDeletingMs: 2_000,
    attachingMs: 2_000,
    detachingMs: 5_000,
    imagePendingMs: 5_000,
    imageNameKeptMs: 60_000,
    snapshotBaseMs: 20_000,
    snapshotBytesPerSecond: 100 * mebibyte,
    copyBaseMs: 30_000,
    copyBytesPerSecond: 60 * mebibyte,
    timedCopyBytesPerSecondMax: 500 * mebibyte,
    timedCopiesBytesPerSecondMax: 2_000 * mebibyte,
    sealingMs: 15_000,
    blockReadMs: 20,
    blockWriteMs: 100,
  };
}

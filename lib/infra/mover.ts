/**
 * The bytes of a block come in some forty pieces, which are garbage at once. Collected young and given back to the system they leave a worker
 * below 200 MB; its processor time is the same (measured by `npm run bench -- transfer`).
 */
export const sparingMemory = {
  NODE_OPTIONS: '--max-semi-space-size=1',
  MALLOC_ARENA_MAX: '2',
  MALLOC_TRIM_THRESHOLD_: '131072',
} as const;

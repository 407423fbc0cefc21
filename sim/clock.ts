/** Virtual time of the simulated cloud, in milliseconds since 1970. */
export interface Clock {
  now(): number;
  /** Runs `then` once, `ms` of virtual time from now. */
  after(ms: number, then: () => void): void;
}

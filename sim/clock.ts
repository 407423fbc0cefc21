import { type Clock as FakeClock, withGlobal } from '@sinonjs/fake-timers';

/** Time of the simulated cloud, in milliseconds since 1970. */
export interface Clock {
  now(): number;
  /** Runs `then` once, `ms` from now. */
  after(ms: number, then: () => void): void;
}

/** The time of this machine, for a cloud that other processes call. Its timers keep no process alive. */
export class RealClock implements Clock {
  now(): number {
    return Date.now();
  }

  after(ms: number, then: () => void): void {
    setTimeout(then, ms).unref();
  }
}

const realSetImmediate = setImmediate;
const realSetTimeout = setTimeout;
/** Where nothing is left that could happen, a real file or socket may still be under way: it is given 2 s. */
const realWaits = 40;
const realWaitMs = 50;

/** Turns of the event loop without news after which nothing is taken to be running; a task of a state machine needs one each. */
const quietTurns = 25;

/**
 * Virtual time on the global timers and Date. It advances only while nothing runs: the event loop is drained first, then the
 * next timer fires. The same work gives the same order every time.
 */
export class VirtualClock implements Clock {
  readonly #timers: FakeClock;
  readonly #quietTurns: number;

  /** @param turns without news, for those of {@link quietTurns}: more of them where hundreds of things go on at once */
  constructor(start: Date, turns = quietTurns) {
    this.#quietTurns = turns;
    this.#timers = withGlobal(globalThis).install({
      now: start,
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
      shouldClearNativeTimers: true,
    });
  }

  now(): number {
    return this.#timers.now;
  }

  after(ms: number, then: () => void): void {
    this.#timers.setTimeout(then, ms);
  }

  /** Lets `ms` of virtual time pass, with everything that happens in it. */
  async advance(ms: number): Promise<void> {
    let isOver = false;
    this.after(ms, () => {
      isOver = true;
    });
    await this.run(() => isOver);
    await this.#drain();
  }

  /**
   * Runs until `isReached`.
   * @throws Error when nothing is left that could happen
   */
  async run(isReached: () => boolean): Promise<void> {
    for (;;) {
      await this.#drain();
      if (isReached()) return;
      for (let turn = 0; this.#timers.countTimers() === 0 && turn < realWaits && !isReached(); turn += 1) {
        await new Promise((resume) => realSetTimeout(resume, realWaitMs));
        await this.#drain();
      }
      if (isReached()) return;
      if (this.#timers.countTimers() === 0) {
        throw new Error(
          `Virtual time stands still at ${new Date(this.now()).toISOString()}: nothing is waiting, and what was awaited has not happened.`,
        );
      }
      this.#timers.next();
    }
  }

  /** The outcome of a promise, in virtual time. */
  async settle<Value>(promise: Promise<Value>): Promise<Value> {
    let isSettled = false;
    const mark = () => {
      isSettled = true;
    };
    promise.then(mark, mark);
    await this.run(() => isSettled);
    return promise;
  }

  async #drain(): Promise<void> {
    for (let turn = 0; turn < this.#quietTurns; turn += 1) await new Promise((resume) => realSetImmediate(resume));
  }

  /** Gives real time back. */
  uninstall(): void {
    this.#timers.uninstall();
  }
}

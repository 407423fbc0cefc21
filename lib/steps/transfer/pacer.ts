import { AwsFailure } from '../../aws/call.ts';
import { afterAnswer, afterSending, afterThrottling, beginPace, type Pace, waitMs } from '../../domain/block-pace.ts';
import { pause } from '../pause.ts';

/** The rates between which a pacer finds its own, in requests a second. */
export interface PacerRates {
  readonly perSecondFirst: number;
  readonly perSecondMax: number;
}

/** Sends requests of one kind to one snapshot, one after the other, at the pace that AWS takes. */
export class Pacer {
  readonly #now: () => Date;
  readonly #perSecondMax: number;
  #pace: Pace;
  #turn: Promise<void> = Promise.resolve();

  constructor(now: () => Date, { perSecondFirst, perSecondMax }: PacerRates) {
    this.#now = now;
    this.#perSecondMax = perSecondMax;
    this.#pace = beginPace(perSecondFirst, this.#nowMs());
  }

  /**
   * Sends a request when its turn comes, and again while it is throttled, until `until`.
   * @throws what the request fails of; after `until` AwsThrottled too
   */
  async send<Answer>(request: () => Promise<Answer>, until: Date): Promise<Answer> {
    for (;;) {
      const sentMs = await this.#turnComes();
      try {
        const answer = await request();
        this.#pace = afterAnswer(this.#pace, this.#nowMs(), this.#perSecondMax);
        return answer;
      } catch (error) {
        if (!(error instanceof AwsFailure) || error.code !== 'AwsThrottled') throw error;
        this.#pace = afterThrottling(this.#pace, sentMs, this.#nowMs());
        if (this.#now() > until) throw error;
      }
    }
  }

  /** Turns come one by one, so that a change of the pace holds for whoever waits. Gives the time in milliseconds. */
  #turnComes(): Promise<number> {
    const turn = this.#turn.then(async () => {
      for (let wait = waitMs(this.#pace, this.#nowMs()); wait > 0; wait = waitMs(this.#pace, this.#nowMs()))
        await pause(Math.ceil(wait));
      this.#pace = afterSending(this.#pace, this.#nowMs());
      return this.#nowMs();
    });
    this.#turn = turn.then(() => undefined);
    return turn;
  }

  #nowMs(): number {
    return this.#now().getTime();
  }
}

import type { Call } from './service.ts';

/** One call as it went. */
export interface RecordedCall extends Pick<Call, 'service' | 'operation' | 'region' | 'role'> {
  /** Milliseconds since 1970, virtual. */
  readonly at: number;
  /** `unanswered`: the Region was silent, the answer was lost, or it is still under way. */
  outcome: 'answered' | 'refused' | 'unanswered';
  /** Code of the error of a refused call. */
  error?: string;
}

/** Every call that reached the cloud, oldest first. */
export class CallRecord {
  readonly calls: RecordedCall[] = [];

  async around<Answer>(call: Call, at: number, run: () => Promise<Answer>): Promise<Answer> {
    const { service, operation, region, role } = call;
    const recorded: RecordedCall = { at, service, operation, region, role, outcome: 'unanswered' };
    this.calls.push(recorded);
    try {
      const answer = await run();
      recorded.outcome = 'answered';
      return answer;
    } catch (error) {
      recorded.outcome = 'refused';
      recorded.error = error instanceof Error ? error.name : String(error);
      throw error;
    }
  }
}

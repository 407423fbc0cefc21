import type { Call } from './service.ts';

type Input = Readonly<Record<string, unknown>>;

/** One call as it went. */
export interface RecordedCall extends Pick<Call, 'service' | 'operation' | 'region' | 'role' | 'invocation'> {
  /** Milliseconds since 1970, virtual. */
  readonly at: number;
  /** As the client sent it, without the bytes of blocks. */
  readonly input: Input;
  /** `unanswered`: the Region was silent, the answer was lost, or it is still under way. */
  outcome: 'answered' | 'refused' | 'unanswered';
  /** Code of the error of a refused call. */
  error?: string;
}

/** Every call that reached the cloud, oldest first. */
export class CallRecord {
  readonly calls: RecordedCall[] = [];
  readonly #watchers = new Set<(call: RecordedCall) => void>();

  /** Tells every call before it happens; gives back what ends the telling. */
  watch(watcher: (call: RecordedCall) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  async around<Answer>(call: Call, input: Input, at: number, run: () => Promise<Answer>): Promise<Answer> {
    const { requestId: _, hostname: __, ...of } = call;
    const recorded: RecordedCall = { at, ...of, input: withoutBytes(input), outcome: 'unanswered' };
    this.calls.push(recorded);
    for (const watcher of this.#watchers) watcher(recorded);
    try {
      const answer = await run();
      recorded.outcome = isErrorResponse(answer) ? 'refused' : 'answered';
      return answer;
    } catch (error) {
      recorded.outcome = 'refused';
      recorded.error = error instanceof Error ? error.name : String(error);
      throw error;
    }
  }
}

/** A service that answers over the wire itself gives its errors as a response. */
function isErrorResponse(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'status' in answer && Number(answer.status) >= 400;
}

function withoutBytes(input: Input): Input {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => !(value instanceof Uint8Array)));
}

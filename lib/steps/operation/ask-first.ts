import { nextPoll, type Poll, type PollResult } from '../../domain/poll.ts';
import type { QuestionRule } from '../../domain/plan.ts';
import { isProceeding, isToBeAsked, newQuestion } from '../../domain/question.ts';
import type { Context, Services } from '../services.ts';

/** Of a question: its key, what it asks, the plan's rule for it, and whether looking again is an answer. */
export interface Asked {
  readonly key: string;
  readonly text: string;
  readonly rule: QuestionRule | undefined;
  readonly mayWait?: boolean;
}

/** What a step returns that waits for an answer: its state machine leads to `operation/ask`, and from there back to the step. */
export type MayAsk = PollResult & { readonly asks?: true };

/**
 * Before what a person has to agree to: puts the question, and gives what the step returns then. `undefined` where it may go on: the plan does not
 * want to be asked, or was answered so. `operation/ask` tells people, and waits. A question that is open already stays as it is.
 */
export async function askFirst(
  services: Services,
  input: Context & { readonly poll: Poll },
  { key, text, rule, mayWait = false }: Asked,
): Promise<MayAsk | undefined> {
  if (rule === undefined) return undefined;
  const { catalogue } = services;
  const question = (await catalogue.operationOf(input)).questions[key];
  if (isProceeding(question)) return undefined;
  const now = services.now();
  if (isToBeAsked(question)) {
    await catalogue.updateOperationEntry(input, 'questions', key, newQuestion(text, rule, { now, mayWait }));
    await catalogue.addEvent(input.operation, now, `asks ${key}: ${text}`);
  }
  return { ...nextPoll(input.poll, false, now), asks: true };
}

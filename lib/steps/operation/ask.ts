import * as z from 'zod';
import { assertInvariant, Failure } from '../../domain/failure.ts';
import { nextPoll, type PollResult, pollSchema } from '../../domain/poll.ts';
import { answerLine, lastQuestion, questionNotice } from '../../domain/question.ts';
import { contextSchema, type Services } from '../services.ts';
import { consoleOf, tell } from './tell.ts';

export const askSchema = contextSchema.extend({
  /** ARN of the execution that waits. */
  execution: z.string(),
  poll: pollSchema,
});

/**
 * Waits until the question that the operation asked last is answered (I11): people are told of it once it is open, and what the plan says is the
 * answer where nobody has given one in time. Runs twice without harm.
 * @throws Failure CalledOff when the answer is to take the operation back
 */
export async function ask(services: Services, input: z.infer<typeof askSchema>): Promise<PollResult> {
  await services.proveEpoch(input);
  const { catalogue } = services;
  const operation = await catalogue.operationOf(input);
  const last = lastQuestion(operation.questions);
  assertInvariant(last !== undefined, 'I11', `${input.operation} waits for an answer and has asked nothing`);
  const [key, question] = last;
  const now = services.now();
  if (question.answer?.word === 'undo')
    throw new Failure('CalledOff', `Question ${key} of ${input.operation} was ${answerLine(question.answer)}.`);
  if (question.answer !== null) return nextPoll(input.poll, true, now);
  if (!question.isTold) {
    await catalogue.progress(input, { progression: `waiting for an answer: ${key}` }, now);
    const subject = `Homeward: ${operation.kind} of plan ${input.plan} asks you`;
    const { region } = services.plan(input.plan).recovery;
    await tell(
      services,
      subject,
      questionNotice(operation.kind, input.plan, question, consoleOf(region, input.execution)),
    );
    await catalogue.updateOperationEntry(input, 'questions', `${key}.isTold`, true);
  }
  const leftSeconds = Math.ceil((Date.parse(question.until) - now.getTime()) / 1_000);
  const next = nextPoll(input.poll, false, now);
  if (leftSeconds > 0) return { ...next, waitSeconds: Math.min(next.waitSeconds, leftSeconds) };
  const answer = { word: question.otherwise, by: 'nobody in time', because: null, at: now.toISOString() };
  if (await catalogue.answerQuestion(input, { key, askedAt: question.askedAt }, answer))
    await catalogue.addEvent(
      input.operation,
      now,
      `nobody answered ${key} by ${question.until}: ${question.otherwise}`,
    );
  return { ...next, waitSeconds: 1 };
}

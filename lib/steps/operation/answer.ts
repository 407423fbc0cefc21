import * as z from 'zod';
import type { HolderKind } from '../../domain/catalogue.ts';
import { Failure } from '../../domain/failure.ts';
import { type Answer, answerLine, answerWords, lastQuestion } from '../../domain/question.ts';
import type { Services } from '../services.ts';
import { hasMember, parseInput, triggerSchema } from './open.ts';

/** Answers what an operation asks: `{"plan": "shop", "answer": "proceed", "because": "…"}`; `trigger` says who. */
const inputSchema = z.strictObject({
  plan: z.string(),
  answer: z.enum(answerWords),
  because: z
    .string()
    .regex(/^[^\p{C}]{1,500}$/u, 'is not a text of up to 500 characters in one line')
    .optional(),
  trigger: triggerSchema,
});

export interface Answered {
  readonly plan: string;
  /** The key of the question. */
  readonly answered: string;
}

/** Whether an input answers a question instead of starting an operation. */
export function isAnswer(input: unknown): boolean {
  return hasMember(input, 'answer');
}

/**
 * Answers the question that the plan's operation waits with. The first answer is the answer. It holds nothing, and changes nothing else.
 * @throws Failure InvalidInput, UnknownPlan, WrongPhase
 */
export async function answer(services: Services, kind: HolderKind, input: unknown): Promise<Answered> {
  const example = '{"plan": "shop", "answer": "proceed"}';
  const { plan: planName, answer: word, because = null, trigger } = parseInput(kind, inputSchema, input, example);
  const { name: plan } = services.plan(planName);
  const { catalogue } = services;
  const { lease } = await catalogue.state(plan);
  const nothing = (why: string) =>
    new Failure('WrongPhase', `Nothing of plan ${plan} waits for an answer: ${why}. Nothing was changed.`);
  if (lease?.kind !== kind) throw nothing(`no ${kind} is under way`);
  const context = { plan, operation: lease.operation };
  const [key, question] = lastQuestion((await catalogue.operation(plan, lease.operation))?.questions ?? {}) ?? [];
  if (key === undefined || question === undefined) throw nothing(`${lease.operation} has asked nothing`);
  if (question.answer !== null) throw nothing(`${key} was ${answerLine(question.answer)}`);
  if (!question.choices.includes(word))
    throw new Failure(
      'InvalidInput',
      `answer: ${word} is no answer to ${key}. Answers: ${question.choices.join(', ')}. Nothing was changed.`,
    );
  if (key === 'primary-is-safe' && word === 'proceed' && because === null)
    throw new Failure('InvalidInput', 'because: is missing. Say why the primary is safe. Nothing was changed.');
  const said: Answer = { word, by: trigger, because, at: services.now().toISOString() };
  if (!(await catalogue.answerQuestion(context, { key, askedAt: question.askedAt }, said)))
    throw nothing('somebody was faster');
  await catalogue.addEvent(context.operation, services.now(), `${key} was ${answerLine(said)}`);
  return { plan, answered: key };
}

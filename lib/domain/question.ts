import * as z from 'zod';
import type { OperationKind } from './catalogue.ts';
import { name } from './fields.ts';
import { time } from './ids.ts';
import type { Plan, QuestionRule } from './plan.ts';

/** What a person can say: go on all the same, take the operation back, or look again as if it had just begun. */
export const answerWords = ['proceed', 'wait', 'undo'] as const;

/** A question that an operation put to people: `OP#<id>`, `questions.<key>`. Its step goes on once it is answered, by a person or at `until` by its default. */
export const questionSchema = z
  .object({
    text: z.string().min(1),
    choices: z.array(z.enum(answerWords)).min(1).readonly(),
    otherwise: z.enum(['proceed', 'undo']),
    askedAt: time,
    until: time,
    isTold: z.boolean(),
    answer: z
      .object({ word: z.enum(answerWords), by: z.string(), because: z.string().nullable(), at: time })
      .readonly()
      .nullable(),
  })
  .readonly();
export type Question = z.output<typeof questionSchema>;
export type Answer = NonNullable<Question['answer']>;

/** Questions of an operation by key: `owed-fence`, `wave-2`, `traffic`, `lost-lineage`, `lost-lineage-2` of a round, `primary-is-safe`, `cut-over`. */
export const questionsSchema = z.record(name, questionSchema).readonly();
export type Questions = z.output<typeof questionsSchema>;

/** The question that was asked last, if any: an operation asks one at a time. */
export function lastQuestion(questions: Questions): readonly [string, Question] | undefined {
  return Object.entries(questions).toSorted(([, one], [, other]) => other.askedAt.localeCompare(one.askedAt))[0];
}

/** Whether a question is to be put: nobody was asked yet, or somebody said to wait, and it has come to the same again. */
export function isToBeAsked(question: Question | undefined): boolean {
  return question === undefined || question.answer?.word === 'wait';
}

export function isProceeding(question: Question | undefined): boolean {
  return question?.answer?.word === 'proceed';
}

/** A new question, as of `now`. */
export function newQuestion(
  text: string,
  { withinSeconds, otherwise }: QuestionRule,
  { now, mayWait }: { readonly now: Date; readonly mayWait: boolean },
): Question {
  return {
    text,
    choices: mayWait ? answerWords : ['proceed', 'undo'],
    otherwise,
    askedAt: now.toISOString(),
    until: new Date(now.getTime() + withinSeconds * 1_000).toISOString(),
    isTold: false,
    answer: null,
  };
}

/** The question in words, with what can be said and what happens when nobody does. */
export function questionLine({ text, choices, otherwise, until }: Question): string {
  return `${text} Answers: ${choices.join(', ')}. When nobody has answered by ${until}: ${otherwise}.`;
}

/** An answer in words, as the end of a sentence: `answered undo by kim: the alarm was wrong`. */
export function answerLine({ word, by, because }: Answer): string {
  return `answered ${word} by ${by}${because === null ? '' : `: ${because}`}`;
}

/** What people must know to answer. @param console the address of the execution in the Step Functions console */
export function questionNotice(kind: OperationKind, plan: string, question: Question, console: string): string {
  const inputs = question.choices.map((answer) => JSON.stringify({ plan, answer }));
  return [
    questionLine(question),
    `Answer by starting the ${kind} state machine with one of ${inputs.join(' ')}, or: npx homeward answer ${plan} ${question.choices.join('|')}`,
    console,
  ].join('\n');
}

/** Whether any plan puts a question to people. */
export function hasQuestions({ failover, failback }: Plan): boolean {
  return [failover.questions, failback.questions].some((rules) => Object.keys(rules ?? {}).length > 0);
}

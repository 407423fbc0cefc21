import type * as z from 'zod';
import { Failure } from '../domain/failure.ts';
import { problemsOf } from '../domain/problems.ts';
import { printable } from '../domain/quoted.ts';
import { createServices, type Services } from './services.ts';

/** A step: facts in, changes in AWS, ids out. */
export type Step<Input, Output> = (services: Services, input: Input) => Promise<Output>;

/**
 * Makes a Lambda handler of a step: parse the input, run the step, let failures out under their code as error name.
 * Logs the step and its failure, never its documents: what nobody foresaw is told by its kind and place alone, since its words may
 * be those of the input or the table.
 */
export function entry<Schema extends z.ZodType, Output>(
  name: string,
  schema: Schema,
  step: Step<z.infer<Schema>, Output>,
) {
  let services: Services | undefined;
  return async (event: unknown): Promise<Output> => {
    try {
      services ??= createServices(process.env['LAMBDA_TASK_ROOT'] ?? '.');
      return await step(services, parseStepInput(name, schema, event));
    } catch (error) {
      const failure = error instanceof Failure ? error : unforeseen(name, error);
      console.error(JSON.stringify({ level: 'error', step: name, code: failure.code, message: failure.message }));
      throw failure;
    }
  };
}

/** What nobody foresaw, by its kind and place alone. */
export function unforeseen(step: string, error: unknown): Failure {
  const kind = error instanceof Error ? error.name : typeof error;
  return new Failure('Unforeseen', `Step ${step} broke off by ${printable(kind, 60)}${placeOf(error)}. Report it.`);
}

/** The innermost line of the stack; the error's own words, which stand before it, are left out. */
function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const { stack = '', message } = error;
  const lines = stack.slice(stack.indexOf(message) + message.length);
  const [, place] = /\n {4}at (.+)/.exec(lines) ?? [];
  return place === undefined ? '' : ` at ${printable(place, 200)}`;
}

/** @throws Failure InvalidInput */
export function parseStepInput<Schema extends z.ZodType>(
  name: string,
  schema: Schema,
  event: unknown,
): z.infer<Schema> {
  const parsed = schema.safeParse(event);
  if (parsed.success) return parsed.data;
  throw new Failure('InvalidInput', `The input of ${name} is wrong: ${problemsOf(parsed.error)}.`);
}

import type { z } from 'zod';
import { Failure } from '../domain/failure.ts';
import { createServices, type Services } from './services.ts';

/** A step: facts in, changes in AWS, ids out. */
export type Step<Input, Output> = (services: Services, input: Input) => Promise<Output>;

/**
 * Makes a Lambda handler of a step: parse the input, run the step, let failures out under their code as error name.
 * Logs the step's ids and outcome, never its documents.
 */
export function entry<Schema extends z.ZodType, Output>(
  name: string,
  schema: Schema,
  step: Step<z.infer<Schema>, Output>,
) {
  let services: Services | undefined;
  return async (event: unknown): Promise<Output> => {
    services ??= createServices(process.env['LAMBDA_TASK_ROOT'] ?? '.');
    const input = parseStepInput(name, schema, event);
    try {
      return await step(services, input);
    } catch (error) {
      const { name: code, message } = error instanceof Error ? error : new Error('unknown');
      console.error(JSON.stringify({ level: 'error', step: name, code, message }));
      throw error;
    }
  };
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

/** What is wrong with an input, field by field, in one line. */
export function problemsOf(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.map(String).join('.') || 'input'}: ${issue.message}`).join('; ');
}

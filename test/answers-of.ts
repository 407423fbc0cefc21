import type { FunctionDefinition } from '../sim/lambda/lambda.ts';
import { OwnProcess } from '../sim/lambda/own-process.ts';

/** What a function answers to events one after another, in a process of its own. */
export async function answersOf(
  definition: FunctionDefinition,
  where: { readonly region: string; readonly endpointUrl: string },
  ...events: unknown[]
) {
  const environment = new OwnProcess(definition, where);
  try {
    const answers = [];
    for (const event of events) {
      const outcome = await environment.invoke(event);
      answers.push(outcome.kind === 'returned' ? outcome.payload : outcome.error);
    }
    return answers;
  } finally {
    environment.end();
  }
}

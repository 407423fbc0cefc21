import { snsClient } from '../../aws/clients.ts';
import { z } from 'zod';
import { notify } from '../../aws/signals.ts';
import { restingPhase } from '../../domain/phase.ts';
import { environment } from '../../names.ts';
import { contextSchema, type Services } from '../services.ts';

export const failureSchema = z.object({ Error: z.string().optional(), Cause: z.string().optional() });
export const closeSchema = contextSchema.extend({
  outcome: z.enum(['succeeded', 'rolled-back', 'failed']),
  failure: failureSchema.optional(),
});

/** Ends an operation (I11): outcome recorded, lease released, and somebody told. */
export async function close(services: Services, input: z.infer<typeof closeSchema>): Promise<{ outcome: string }> {
  const { catalogue } = services;
  const operation = await catalogue.operationOf(input);
  const cause = input.failure === undefined ? null : readCause(input.failure);
  const endedAt = services.now().toISOString();
  await catalogue.updateOperation(input, { outcome: input.outcome, cause, endedAt, progression: 'closed' });
  const state = await catalogue.state(input.plan);
  if (state.epoch === input.epoch && state.lease?.operation === input.operation) {
    await catalogue.replaceState({ ...state, lease: null, phase: restingPhase(state.activeSite) }, state.epoch);
  }
  const isNews = operation.kind !== 'protect' || input.outcome !== 'succeeded';
  if (isNews) {
    const subject = `Homeward: ${operation.kind} of plan ${input.plan} ${input.outcome}`;
    const text = [
      `Operation ${input.operation} ended: ${input.outcome}.`,
      ...(cause === null ? [] : [`Cause: ${cause}`]),
    ].join('\n');
    await notify(services.client(snsClient), services.setting(environment.topicArn), subject, text);
  }
  return { outcome: input.outcome };
}

/** A Lambda's cause is a JSON text with the message inside; other causes are texts. */
function readCause(failure: z.infer<typeof failureSchema>): string {
  const parsed = z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue('not JSON');
        return z.NEVER;
      }
    })
    .pipe(z.object({ errorMessage: z.string() }))
    .safeParse(failure.Cause);
  const message = parsed.success ? parsed.data.errorMessage : (failure.Cause ?? '');
  return `${failure.Error ?? 'Error'}: ${message}`;
}

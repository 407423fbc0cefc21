import * as z from 'zod';
import type { Operation } from '../../domain/catalogue.ts';
import { Failure, type FailureCode, failureCodes, isTransientCode } from '../../domain/failure.ts';
import { nextPromptPoll, type PollResult, pollSchema } from '../../domain/poll.ts';
import { secondsToTurn } from '../../domain/pace.ts';
import { printable } from '../../domain/quoted.ts';
import { contextSchema, type Services } from '../services.ts';

/** `index`: which one of its wave it is, from 0; its turn to ask for what AWS takes only so often comes by that. */
export const bringUpSchema = contextSchema.extend({
  server: z.string(),
  index: z.int().nonnegative().default(0),
  poll: pollSchema,
});
export type BringUpInput = z.infer<typeof bringUpSchema>;

/** Characters: of each of hundreds of servers in one item. */
const saidMax = 500;

/**
 * Keeps how it ended to bring a server up. The state machine goes on with the other servers of the wave either way, so that none of them
 * is under way any more when the wave's health gate judges what this keeps, or the undo begins.
 */
export async function noteBroughtUp(
  services: Services,
  input: BringUpInput,
  work: () => Promise<PollResult>,
): Promise<PollResult> {
  try {
    const look = await work();
    if (look.done) await note(services, input, null);
    return look;
  } catch (error) {
    if (error instanceof Failure) {
      const { code, message } = error;
      // What stands in the way of the note is no reason to hide what it would say.
      await note(services, input, { code, message: printable(message, saidMax) }).catch(() => undefined);
    }
    throw error;
  }
}

async function note(
  services: Services,
  input: BringUpInput,
  failure: { code: FailureCode; message: string } | null,
): Promise<void> {
  if ((await services.catalogue.operationOf(input)).broughtUp === undefined) return;
  const ended = { at: services.now().toISOString(), failure };
  await services.catalogue.updateOperationEntry(input, 'broughtUp', input.server, ended);
}

/** The look when a server's turn has come; `undefined` once it has. */
export function untilTurn(services: Services, { poll }: BringUpInput, second: number): PollResult | undefined {
  const now = services.now();
  const waitSeconds = secondsToTurn(poll, second, now);
  return waitSeconds === 0 ? undefined : { ...nextPromptPoll(poll, false, now), waitSeconds };
}

/** What outlasted its repeats is repeated no more. */
function codeOf(code: string): FailureCode {
  return code in failureCodes && !isTransientCode(code) ? (code as FailureCode) : 'LaunchFailed';
}

/** @throws Failure when one of the servers was not brought up, of the first one that failed */
export function refuseNotBroughtUp({ broughtUp, plan }: Operation, servers: readonly string[]): void {
  if (broughtUp === undefined) return;
  const ended = servers.flatMap((server) => {
    const failure = broughtUp[server]?.failure;
    return failure === undefined || failure === null ? [] : [{ server, ...failure }];
  });
  const [first, ...more] = ended;
  if (first !== undefined) {
    const others =
      more.length === 0 ? '' : ` So did ${more.length} more: ${more.map(({ server }) => server).join(', ')}.`;
    throw new Failure(codeOf(first.code), first.message + others);
  }
  const missing = servers.filter((server) => broughtUp[server] === undefined);
  if (missing.length > 0)
    throw new Failure(
      'LaunchFailed',
      `Bringing up ${missing.join(', ')} of plan ${plan} broke off, and no step said why. Look at the executions of the wave's servers in the console, then start again.`,
    );
}

import { registrationSecond } from '../../domain/pace.ts';
import { nextPromptPoll, type PollResult } from '../../domain/poll.ts';
import type { Services } from '../services.ts';
import { type BringUpInput, untilTurn } from '../waves/bring-up.ts';
import { ensureImage } from './image.ts';

/**
 * Registers the image of one server while the primary is fenced: AWS takes seconds to show one. Nothing waits for it, nor fails of it: the
 * launch registers what is missing.
 */
export async function register(services: Services, input: BringUpInput): Promise<PollResult> {
  await services.proveEpoch(input);
  const early = untilTurn(services, input, registrationSecond(input.index));
  if (early !== undefined) return early;
  await ensureImage(services, input);
  return nextPromptPoll(input.poll, true, services.now());
}

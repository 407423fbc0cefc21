import type * as z from 'zod';
import { Failure } from '../../domain/failure.ts';
import { pollingSeconds } from '../../domain/poll.ts';
import type { undoSchema } from '../failover/undo.ts';
import type { Services } from '../services.ts';

/** Recovery must serve again soon: a primary that is silent once more gets this long, then its fence is owed again. */
const silentSecondsMax = 120;

type PrimaryLook = 'done' | 'changing' | 'silent';

/** Does one thing in the primary Region; a Region that stays silent is not waited for. */
export async function lookAtPrimary(
  services: Services,
  input: z.infer<typeof undoSchema>,
  act: () => Promise<boolean>,
): Promise<PrimaryLook> {
  try {
    return (await act()) ? 'done' : 'changing';
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'AwsUnavailable')) throw error;
    return pollingSeconds(input.poll, services.now()) > silentSecondsMax ? 'silent' : 'changing';
  }
}

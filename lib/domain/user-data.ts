import * as z from 'zod';
import { fields } from './fields.ts';
import type { Plan } from './plan.ts';

/** What a server is given at its launch in place of the user data that it had. */
export type UserDataPolicy = 'keep' | 'suppress' | { readonly replace: string };

/** Before it is encoded. @source EC2 API reference, RunInstances */
const userDataBytesMax = 16_384;

// Of what is written nothing is shown in a message: it may hold secrets.
const error =
  'is no policy for user data. Write keep, suppress, or a block with "replace" and the text that takes its place, 16 KiB at most.';

export const userDataPolicy = z
  .union([z.enum(['keep', 'suppress']), fields({ replace: z.string() })], { error })
  .refine((policy) => typeof policy === 'string' || isUserData(policy.replace), { error });

function isUserData(text: string): boolean {
  const { length } = new TextEncoder().encode(text);
  return length > 0 && length <= userDataBytesMax;
}

/** Of a server: its own, else that of its plan. */
export function userDataPolicyOf({ servers, recovery }: Plan, server: string): UserDataPolicy {
  return servers[server]?.userData ?? recovery.userData ?? 'keep';
}

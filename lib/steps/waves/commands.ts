import * as z from 'zod';
import { AwsFailure } from '../../aws/call.ts';
import { ssmOnceClient } from '../../aws/clients.ts';
import { readCommand, sendScript } from '../../aws/commands.ts';
import { isTransient } from '../../domain/failure.ts';
import { healthScript } from '../../domain/health-commands.ts';
import { visibleWithinSeconds } from '../operation/create-once.ts';
import type { Context, Services } from '../services.ts';

/** With the 30 s in which a silent agent may take it late, no longer than a lost answer is waited for: no two of them run side by side. */
const runSecondsMax = 30;

export interface Commanded {
  readonly region: string;
  readonly server: string;
  readonly instance: string;
  readonly commands: readonly string[];
}

/** A script that was sent: for which claim, and how the one before it ended. `command` is empty where AWS took none. */
const sentSchema = z.object({ command: z.string(), requestedAt: z.string(), last: z.string().nullable() });
type Sent = z.infer<typeof sentSchema>;

/**
 * Asks a server by the commands of its plan whether it works. Gives what is wrong, in words that go on after its name; `undefined` once its commands
 * have succeeded. What it sends is claimed first: one that runs is waited for, one that failed or never came is sent again.
 */
export async function commandProblem(
  services: Services,
  context: Context,
  commanded: Commanded,
): Promise<string | undefined> {
  try {
    return await sendOrLook(services, context, commanded);
  } catch (error) {
    if (isTransient(error)) return 'could not be asked by its health commands yet';
    throw error;
  }
}

async function sendOrLook(
  { catalogue, client, now }: Services,
  { operation }: Context,
  { region, server, instance, commands }: Commanded,
): Promise<string | undefined> {
  const ssm = client(ssmOnceClient, region);
  const step = `health/${server}`;
  const note = await catalogue.creation(operation, step, sentSchema);
  const known = note?.made;
  const sent = known?.requestedAt === note?.requestedAt ? known : undefined;
  const seen = sent === undefined || sent.command === '' ? undefined : await readCommand(ssm, sent.command, instance);
  if (seen?.kind === 'succeeded') return undefined;
  if (seen?.kind === 'under-way') return problemOf(known?.last);
  const isLost = note !== undefined && sent === undefined;
  if (isLost && now().getTime() - Date.parse(note.requestedAt) < visibleWithinSeconds * 1_000)
    return problemOf(known?.last);
  const last = seen?.reason ?? known?.last ?? null;
  const requestedAt = now();
  if (!(await catalogue.claimCreation(operation, step, requestedAt, note?.requestedAt))) return problemOf(last);
  const keep = async (made: Omit<Sent, 'requestedAt'>) => {
    await catalogue.updateCreation(operation, step, { made: { ...made, requestedAt: requestedAt.toISOString() } });
    return problemOf(made.last);
  };
  try {
    const comment = `Homeward: health of ${server}`;
    const command = await sendScript(ssm, { instance, lines: healthScript(commands), comment, runSecondsMax });
    return await keep({ command, last });
  } catch (error) {
    if (isTransient(error) || !(error instanceof AwsFailure)) throw error;
    const isUnknown = error.awsName === 'InvalidInstanceId';
    return keep({ command: '', last: isUnknown ? 'its agent is not registered with Systems Manager' : error.message });
  }
}

function problemOf(last: string | null | undefined): string {
  return `has not passed its health commands yet${last === null || last === undefined ? '' : `: ${last}`}`;
}

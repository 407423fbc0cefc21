import { AwsFailure } from '../../aws/call.ts';
import { ec2Client } from '../../aws/clients.ts';
import { deleteSnapshot, type SnapshotFacts } from '../../aws/snapshots.ts';
import { isTransient } from '../../domain/failure.ts';
import type { Context, Services } from '../services.ts';

/** Snapshots deleted in one look: DeleteSnapshot refills at 5 a second. @source aws-facts [7.1] */
const deletionsMax = 100;
/** As many more can be deleted after so long. */
export const refillSeconds = deletionsMax / 5;

export interface Swept {
  /** Whether none is left that could go. */
  readonly isDone: boolean;
  /** What was found and not deleted; all of it once `isDone`. */
  readonly left: readonly SnapshotFacts[];
  /** Ids of what AWS did not let go. */
  readonly refused: ReadonlySet<string>;
}

/**
 * Deletes those of a plan's snapshots in one Region that are `unneeded`. They are found by their tags, so that one whose answer was
 * lost is among them (I8). What AWS does not let go, for an image or a lock, is noted and holds up nothing else: every look deletes one at least,
 * or is the last.
 */
export async function sweepSnapshots(
  services: Services,
  context: Context,
  { region, found }: { readonly region: string; readonly found: readonly SnapshotFacts[] },
  unneeded: (snapshot: SnapshotFacts) => boolean | Promise<boolean>,
): Promise<Swept> {
  const client = services.client(ec2Client, region);
  const deleted = new Set<string>();
  const refused = new Set<string>();
  for (const snapshot of found) {
    if (!(await unneeded(snapshot))) continue;
    const { id } = snapshot;
    if (deleted.size === deletionsMax) return { isDone: false, left: [], refused };
    const kept = await whyKept(() => deleteSnapshot(client, id));
    if (kept === undefined) {
      deleted.add(id);
      continue;
    }
    refused.add(id);
    await services.catalogue.addEvent(context.operation, services.now(), `${id} in ${region} is kept: ${kept}`);
  }
  return { isDone: true, left: found.filter(({ id }) => !deleted.has(id)), refused };
}

async function whyKept(remove: () => Promise<boolean>): Promise<string | undefined> {
  try {
    return (await remove()) ? undefined : 'an image needs it';
  } catch (error) {
    if (isTransient(error) || !(error instanceof AwsFailure)) throw error;
    return error.message;
  }
}

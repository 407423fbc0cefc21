import { z } from 'zod';
import { ec2Client } from '../../aws/clients.ts';
import { describeSnapshots } from '../../aws/snapshots.ts';
import { volumeKey } from '../../domain/catalogue.ts';
import { lastTwins } from '../../domain/twins.ts';
import type { Services } from '../services.ts';
import { sayFullCopies } from './full-copies.ts';

/** The event of a copy that AWS made in full; more members are ignored. @source aws-facts [1.9] */
export const noticeCopySchema = z.object({
  region: z.string(),
  detail: z.object({
    event: z.literal('copySnapshot'),
    incremental: z.literal('false'),
    snapshot_id: z.string().regex(/\/snap-[0-9a-z]{1,40}$/),
  }),
});

/**
 * Looks whether a copy that AWS made in full ought to have been incremental. Only AWS knows that beforehand: somebody may have deleted
 * the newest copy, or the key in the plan is another now. Copies that Homeward did not start, or started as full ones, are passed over.
 * @source aws-facts [1.6]
 */
export async function noticeCopy(
  services: Services,
  { region, detail }: z.infer<typeof noticeCopySchema>,
): Promise<{ unexpected: string | null }> {
  const id = detail.snapshot_id.split('/').at(-1) ?? '';
  const copy = (await describeSnapshots(services.client(ec2Client, region), [id])).get(id);
  if (copy?.purpose !== 'recovery-point-copy') return { unexpected: null };
  const { operation = '', point: pointId = '', server = '', device = '' } = copy;
  for (const plan of services.plans().filter(({ recovery }) => recovery.region === region)) {
    const point = await services.catalogue.point(plan.name, pointId);
    const volume = point?.servers[server]?.volumes[device];
    if (volume?.copy !== id || volume.method !== 'native-incremental') continue;
    const key = volumeKey(server, device);
    const earlier = lastTwins(
      (await services.catalogue.twins(plan.name)).filter(({ recoverySnapshot }) => recoverySnapshot !== id),
    ).get(key)?.recoverySnapshot;
    const isThere =
      earlier !== undefined && (await describeSnapshots(services.client(ec2Client, region), [earlier])).has(earlier);
    const cause = isThere
      ? `${earlier} is still there: is it archived, or was the key of the copies changed?`
      : `the copy before it, ${earlier ?? '(none)'}, is gone`;
    const unexpected = `AWS made copy ${id} of ${key} in full, not incrementally: ${cause}`;
    await sayFullCopies(services, { plan: plan.name, operation }, [unexpected]);
    return { unexpected };
  }
  return { unexpected: null };
}

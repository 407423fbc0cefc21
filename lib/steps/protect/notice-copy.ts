import * as z from 'zod';
import { ec2Client } from '../../aws/clients.ts';
import { describeSnapshots, type SnapshotFacts } from '../../aws/snapshots.ts';
import { type VolumeKey, volumeKey } from '../../domain/catalogue.ts';
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
  const copy = await snapshotIn(services, region, id);
  if (copy?.purpose !== 'recovery-point-copy') return { unexpected: null };
  const { operation = '', point: pointId = '', server = '', device = '' } = copy;
  for (const { name: plan, recovery } of services.plans()) {
    if (recovery.region !== region) continue;
    const volume = (await services.catalogue.pointServer(plan, pointId, server))?.volumes[device];
    if (volume?.copy !== id || volume.method !== 'native-incremental') continue;
    const cause = await causeOf(services, plan, region, { key: volumeKey(server, device), copy: id });
    await sayFullCopies(services, { plan, operation, step: 'protect/notice-copy' }, [cause]);
    return { unexpected: cause };
  }
  return { unexpected: null };
}

async function causeOf(
  services: Services,
  plan: string,
  region: string,
  { key, copy }: { readonly key: VolumeKey; readonly copy: string },
): Promise<string> {
  const twins = (await services.catalogue.twins(plan)).filter(({ recoverySnapshot }) => recoverySnapshot !== copy);
  const earlier = lastTwins(twins).get(key)?.recoverySnapshot;
  const isThere = earlier !== undefined && (await snapshotIn(services, region, earlier)) !== undefined;
  const why = isThere
    ? `the copy before it, ${earlier}, is still there: it was archived, or the key of the copies is another now`
    : `the copy before it, ${earlier ?? '(none)'}, is gone`;
  return `AWS made copy ${copy} of ${key} in full, not incrementally: ${why}`;
}

async function snapshotIn(services: Services, region: string, id: string): Promise<SnapshotFacts | undefined> {
  return (await describeSnapshots(services.client(ec2Client, region), [id])).get(id);
}

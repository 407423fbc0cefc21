import type * as z from 'zod';
import { tagValue } from '../../aws/tags.ts';
import { type Kept, keptOf } from '../../domain/kept.ts';
import type { Plan } from '../../domain/plan.ts';
import { tags } from '../../names.ts';
import type { contextSchema, Services } from '../services.ts';
import { findKept, type KeptReturn } from './kept.ts';

/**
 * Says what stays since the plan came home, by server in the events of the operation, in sum beside it: at the end of a failback, and before
 * an accept removes anything. Changes nothing. Said once: a repeat finds it done.
 */
export async function listKept(
  services: Services,
  input: z.infer<typeof contextSchema>,
): Promise<{ kept: Kept | null }> {
  const plan = services.plan(input.plan);
  await services.proveEpoch(input);
  const { kept: known } = await services.catalogue.operationOf(input);
  if (known !== undefined) return { kept: known };
  const returns = await findKept(services, plan);
  if (returns.length === 0) return { kept: null };
  for (const line of returns.flatMap((kept) => linesOf(plan, kept)))
    await services.catalogue.addEvent(input.operation, services.now(), line);
  const kept = keptOf(returns, {
    servers: sum(returns, ({ servers }) => servers.length),
    images: sum(returns, ({ images }) => images.length),
    volumes: returns.flatMap(({ launched, replaced }) => [...launched, ...replaced]),
    snapshots: sum(returns, ({ snapshots }) => snapshots.length),
  });
  await services.catalogue.updateOperation(input, { kept });
  return { kept };
}

function sum(returns: readonly KeptReturn[], of: (kept: KeptReturn) => number): number {
  return returns.reduce((total, each) => total + of(each), 0);
}

/** `stays of db: i-1, vol-2 in us-west-2; vol-3 (replaced), snap-4 (held before) in eu-west-1` */
function linesOf({ primary, recovery }: Plan, kept: KeptReturn): string[] {
  const { servers, launched, replaced, snapshots, images } = kept;
  const away = [
    ...servers.map(({ id, raw }) => ({ server: tagValue(raw.Tags, 'server'), what: id })),
    ...launched.map(({ id, tags: carried }) => ({ server: carried[tags.server], what: id })),
  ];
  const home = [
    ...replaced.map(({ id, tags: carried }) => ({ server: carried[tags.server], what: `${id} (replaced)` })),
    ...snapshots.map(({ id, server }) => ({ server, what: `${id} (held before)` })),
  ];
  const names = new Set([...away, ...home].map(({ server = '?' }) => server));
  const ofServer = (all: typeof home, name: string, region: string) => {
    const mine = all.filter(({ server = '?' }) => server === name).map(({ what }) => what);
    return mine.length === 0 ? [] : [`${mine.toSorted().join(', ')} in ${region}`];
  };
  const lines = [...names].toSorted().map((name) => {
    const there = [...ofServer(away, name, recovery.region), ...ofServer(home, name, primary.region)];
    return `stays of ${name}: ${there.join('; ')}`;
  });
  const all = images.map(({ id }) => id).toSorted();
  return all.length === 0 ? lines : [...lines, `stays of images: ${all.join(', ')} in ${recovery.region}`];
}

import type { Stage } from '../../rehearsal/stage.ts';
import type { RecordedCall } from '../../sim/call-record.ts';
import { tags as keys } from '../../lib/names.ts';
import type { Checker } from './checker.ts';
import { readTable, type Table, whenRead } from './table.ts';

/**
 * I5: replaced volumes, stopped recovery servers and what a returned primary held go only in an accept, or after it, and never before there is an
 * available point that was begun after production came home.
 */
export const keptUntilAccepted: Checker = {
  name: 'kept-until-accepted',
  attach(stage) {
    const broken = new Set<string>();
    stage.cloud.record.watch((call) => {
      const ending = endedBy(call).map((id) => ({ id, maker: makerOf(stage, call.region, id) }));
      const named = ending.filter(({ maker }) => maker !== undefined);
      if (named.length === 0) return;
      whenRead(readTable(stage), (table) => {
        for (const { id, maker } of named)
          for (const why of wrongs(table, maker)) broken.add(`I5 ${id} of ${call.region} goes ${why}`);
      });
    });
    return () => [...broken];
  },
};

/** Ids of what a call ends that may be kept. */
function endedBy({ operation, input }: RecordedCall): string[] {
  if (operation === 'DeleteVolume') return [String(input['VolumeId'])];
  if (operation === 'DeleteSnapshot') return [String(input['SnapshotId'])];
  return operation === 'TerminateInstances' ? (input['InstanceIds'] as string[]) : [];
}

/** The operation that something is kept of, by its tags. */
function makerOf({ cloud }: Stage, region: string, id: string): string | undefined {
  const found = cloud
    .services(region)
    .ec2.allResources()
    .find((resource) => resource.id === id);
  const isKept = /^(replaced-volume|recovered-server|returned-primary)$/.test(found?.tags[keys.purpose] ?? '');
  return isKept ? found?.tags[keys.operation] : undefined;
}

function wrongs({ state, points, operations }: Table, maker: string | undefined): string[] {
  const returns = operations.filter(({ kind, committedAt }) => kind === 'failback' && committedAt !== null);
  const home = operations
    .filter(({ id, committedAt }) => id === maker && committedAt !== null)
    .flatMap(({ id, epoch }) => returns.filter((each) => each.id === id || each.epoch > epoch))
    .toSorted((a, b) => a.epoch - b.epoch)[0];
  if (home === undefined) return [];
  const isAsked = state?.lease?.kind === 'accept' || home.acceptedAt !== undefined;
  const since =
    returns
      .map(({ committedAt }) => committedAt ?? '')
      .toSorted()
      .at(-1) ?? '';
  const isSafe = points.some(({ status, startedAt }) => status === 'available' && startedAt > since);
  return [
    ...(isAsked ? [] : [`though nobody has accepted ${home.id}`]),
    ...(isSafe ? [] : [`before there is a point since ${since}`]),
  ];
}

import { isPointWrite, readPoints, readTwins, type Table, writtenMs, whenRead } from './table.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import type { Checker } from './checker.ts';

/**
 * I3: nothing needed is deleted. When a snapshot is deleted, it is not of the newest available point, not of a pinned one, and
 * not of the last twin of a volume; at rest, those are all there.
 */
export const kept: Checker = {
  name: 'kept',
  attach(stage) {
    let newest = '';
    const pinned = new Set<string>();
    const broken: string[] = [];
    const see = (points: Table['points']) => {
      for (const { id, status, pins } of points) {
        if (status === 'available' && id > newest) newest = id;
        if (pins.length === 0) pinned.delete(id);
        else if (status === 'available') pinned.add(id);
      }
    };
    stage.cloud.record.watch((call) => {
      const { operation, input, region } = call;
      if (isPointWrite(call)) stage.clock.after(writtenMs, () => whenRead(readPoints(stage), see));
      if (operation !== 'DeleteSnapshot') return;
      const id = String(input['SnapshotId']);
      whenRead(Promise.all([readPoints(stage), readTwins(stage)]), ([points, twins]) => {
        if (neededBy({ points, twins }).has(id)) broken.push(`I3 ${id} of ${region} is deleted while it is needed`);
      });
    });
    return ({ table }) => {
      const ids = table.points.filter(({ status }) => status === 'available').map(({ id }) => id);
      const isNewestGone = newest !== '' && !ids.some((id) => id >= newest);
      const gone = [...neededBy(table)].filter((id) => !exists(stage, id));
      const unpinned = [...pinned].filter((id) => !ids.includes(id));
      see(table.points);
      return [
        ...broken,
        ...gone.map((id) => `I3 ${id} is needed and gone`),
        ...unpinned.map((id) => `I3 the pinned point ${id} is gone`),
        ...(isNewestGone ? [`I3 the newest available point ${newest} is gone`] : []),
      ];
    };
  },
};

function neededBy({ points, twins }: Pick<Table, 'points' | 'twins'>): Set<string> {
  const available = points.filter(({ status }) => status === 'available');
  const newest = available.toSorted((a, b) => b.startedAt.localeCompare(a.startedAt)).slice(0, 1);
  const pinned = available.filter(({ pins }) => pins.length > 0);
  const ofPoints = [...newest, ...pinned].flatMap(({ servers }) =>
    Object.values(servers).flatMap(({ volumes }) =>
      Object.values(volumes).flatMap(({ snapshot, copy }) => [snapshot, copy]),
    ),
  );
  const last = new Map<string, Table['twins'][number]>();
  for (const twin of twins.toSorted((a, b) => a.madeAt.localeCompare(b.madeAt))) last.set(twin.volume, twin);
  const ofTwins = [...last.values()].flatMap(({ primarySnapshot, recoverySnapshot }) => [
    primarySnapshot,
    recoverySnapshot,
  ]);
  return new Set([...ofPoints, ...ofTwins].filter((id) => id !== null));
}

function exists({ cloud }: Stage, id: string): boolean {
  return cloud.regions.some((region) => cloud.services(region).ec2.state.snapshots.has(id));
}

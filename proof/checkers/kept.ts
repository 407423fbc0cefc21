import { readTable } from './table.ts';
import type { Table } from './table.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import type { Checker } from './checker.ts';

/**
 * I3: nothing needed is deleted. When a snapshot is deleted, it is not of the newest available point, not of a pinned one, and
 * not of the last twin of a volume; at rest, those are all there.
 */
export const kept: Checker = {
  name: 'kept',
  attach(stage) {
    let hadPoint = false;
    const broken: string[] = [];
    stage.cloud.record.watch(({ operation, input, region }) => {
      if (operation !== 'DeleteSnapshot') return;
      const id = String(input['SnapshotId']);
      void readTable(stage).then((table) => {
        if (neededBy(table).has(id)) broken.push(`I3 ${id} of ${region} is deleted while it is needed`);
      });
    });
    return ({ table }) => {
      hadPoint ||= table.points.some(({ status }) => status === 'available');
      const gone = [...neededBy(table)].filter((id) => !exists(stage, id));
      const noPoint = hadPoint && !table.points.some(({ status }) => status === 'available');
      return [
        ...broken,
        ...gone.map((id) => `I3 ${id} is needed and gone`),
        ...(noPoint ? ['I3 no available recovery point is left'] : []),
      ];
    };
  },
};

function neededBy({ points, twins }: Table): Set<string> {
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

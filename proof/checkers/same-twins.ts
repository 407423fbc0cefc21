import type { Stage } from '../../rehearsal/stage.ts';
import { firstDifference } from './bytes.ts';
import type { Checker } from './checker.ts';
import type { Table } from './table.ts';

/** I4: at rest the two snapshots of the last twin of each volume hold the same: the next delta in either direction stands on them. */
export const sameTwins: Checker = {
  name: 'same-twins',
  attach:
    (stage) =>
    ({ table: { twins } }) => {
      const last = new Map<string, Table['twins'][number]>();
      for (const twin of twins.toSorted((a, b) => a.madeAt.localeCompare(b.madeAt))) last.set(twin.volume, twin);
      return [...last.values()].flatMap((twin) => differencesOf(stage, twin));
    },
};

function differencesOf({ cloud, plan }: Stage, twin: Table['twins'][number]): string[] {
  const home = cloud.services(plan.primary.region).ec2;
  const away = cloud.services(plan.recovery.region).ec2;
  const { volume, madeAt, primarySnapshot, recoverySnapshot } = twin;
  // That one of them is gone others say.
  if (!home.state.snapshots.has(primarySnapshot) || !away.state.snapshots.has(recoverySnapshot)) return [];
  const index = firstDifference(home.contentOf(primarySnapshot), away.contentOf(recoverySnapshot));
  return index === undefined
    ? []
    : [`I4 block ${index} of the twin of ${volume} of ${madeAt} is not the same in both Regions`];
}

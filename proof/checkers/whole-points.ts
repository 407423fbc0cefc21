import type { RecoveryPoint } from '../../lib/domain/catalogue.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { firstDifference } from './bytes.ts';
import type { Checker } from './checker.ts';

/** I2: an available point has every server of the plan, and every volume whole, with the same bytes, in the recovery Region. */
export const wholePoints: Checker = {
  name: 'whole-points',
  attach:
    () =>
    ({ stage, table }) =>
      table.points.filter(({ status }) => status === 'available').flatMap((point) => flawsOf(stage, point)),
};

function flawsOf({ cloud, plan }: Stage, { id, servers }: RecoveryPoint): string[] {
  const home = cloud.services(plan.primary.region).ec2;
  const away = cloud.services(plan.recovery.region).ec2;
  const missing = Object.keys(plan.servers).filter((name) => servers[name] === undefined);
  const flaws = missing.map((name) => `has no server ${name}`);
  for (const [name, { volumes }] of Object.entries(servers)) {
    if (Object.keys(volumes).length === 0) flaws.push(`has no volume of ${name}`);
    for (const { device, snapshot, copy } of Object.values(volumes)) {
      const record = away.state.snapshots.get(copy ?? '');
      if (record?.state !== 'completed') flaws.push(`the copy of ${name} ${device} is ${record?.state ?? 'gone'}`);
      else if (home.state.snapshots.get(snapshot) === undefined)
        flaws.push(`the snapshot of ${name} ${device} is gone`);
      else {
        const index = firstDifference(home.contentOf(snapshot), away.contentOf(copy ?? ''));
        if (index !== undefined) flaws.push(`block ${index} of ${name} ${device} differs from its snapshot`);
      }
    }
  }
  return flaws.map((flaw) => `I2 point ${id} is available but ${flaw}`);
}

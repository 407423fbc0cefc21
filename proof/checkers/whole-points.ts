import type { RecoveryPoint } from '../../lib/domain/catalogue.ts';
import type { Tag } from '@aws-sdk/client-ec2';
import type { Stage } from '../../rehearsal/stage.ts';
import type { Ec2 } from '../../sim/ec2/ec2.ts';
import { firstDifference } from './bytes.ts';
import type { Checker } from './checker.ts';
import { isPointWrite, readPoints, writtenMs } from './table.ts';

/**
 * I2: from the moment it is available, a point has every server of the plan, and every volume whole in the recovery Region; at rest
 * the bytes are compared.
 */
export const wholePoints: Checker = {
  name: 'whole-points',
  attach(stage) {
    const early = new Set<string>();
    const { snapshots } = stage.cloud.services(stage.plan.recovery.region).ec2.state;
    const look = (points: readonly RecoveryPoint[]) => {
      for (const { id, status, servers } of points) {
        const volumes = Object.values(servers).flatMap((server) => Object.values(server.volumes));
        const isWhole = volumes.every(({ copy }) => snapshots.get(copy ?? '')?.state === 'completed');
        if (status === 'available' && !isWhole)
          early.add(`I2 point ${id} was available before its copies were complete`);
      }
    };
    stage.cloud.record.watch((call) => {
      if (isPointWrite(call)) stage.clock.after(writtenMs, () => void readPoints(stage).then(look));
    });
    return ({ table }) => [
      ...early,
      ...table.points.filter(({ status }) => status === 'available').flatMap((point) => flawsOf(stage, point)),
    ];
  },
};

function flawsOf({ cloud, plan }: Stage, { id, servers }: RecoveryPoint): string[] {
  const home = cloud.services(plan.primary.region).ec2;
  const away = cloud.services(plan.recovery.region).ec2;
  const missing = Object.keys(plan.servers).filter((name) => servers[name] === undefined);
  const flaws = missing.map((name) => `has no server ${name}`);
  for (const [name, { volumes }] of Object.entries(servers)) {
    const named = new Set(Object.values(volumes).map(({ volumeId }) => volumeId));
    for (const volume of capturedOf(home, id, name))
      if (!named.has(volume)) flaws.push(`has no image of volume ${volume} of ${name}, which was captured for it`);
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

/** The volumes of a server that were captured for a point, as the tags of their snapshots tell. */
function capturedOf({ state }: Ec2, point: string, server: string): string[] {
  const isOf = ({ tags }: { tags: readonly Tag[] }) => {
    const value = (key: string) => tags.find(({ Key }) => Key === `homeward:${key}`)?.Value;
    return value('purpose') === 'recovery-point' && value('point') === point && value('server') === server;
  };
  return [...state.snapshots.values()].filter(isOf).map(({ volumeId }) => volumeId);
}

import type { Stage } from '../../rehearsal/stage.ts';
import type { Checker } from './checker.ts';
import { readState } from './table.ts';

const lookEveryMs = 5_000;

/**
 * I1: the servers of a plan never serve in both Regions at once, unless the fence on the primary is owed and the catalogue says
 * so. Looks every 5 s of virtual time and at every call that starts servers or moves traffic.
 */
export const oneWriter: Checker = {
  name: 'one-writer',
  attach(stage) {
    const broken = new Set<string>();
    const look = () => {
      if (!servesIn(stage, stage.plan.primary.region) || !servesIn(stage, stage.plan.recovery.region)) return;
      const at = new Date(stage.clock.now()).toISOString();
      void readState(stage).then((state) => {
        if (state?.fence?.status !== 'owed')
          broken.add(`I1 servers serve in both Regions without an owed fence (${at})`);
      });
    };
    const again = () => {
      look();
      stage.clock.after(lookEveryMs, again);
    };
    again();
    stage.cloud.record.watch(({ operation }) => {
      if (/^(StartInstances|RunInstances|ChangeResourceRecordSets)$/.test(operation)) look();
    });
    return () => [...broken].slice(0, 1);
  },
};

/** Whether users could reach a server of the plan that writes there. */
function servesIn(stage: Stage, region: string): boolean {
  if (stage.cloud.faults.isSilent(region)) return false;
  const { ec2 } = stage.cloud.services(region);
  return Object.keys(stage.plan.servers).some((server) =>
    ec2.isServing(stage.workload.instanceIn(region, server) ?? ''),
  );
}

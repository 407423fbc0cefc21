import type { Stage } from '../../rehearsal/stage.ts';
import type { Checker } from './checker.ts';
import { readState, whenRead } from './table.ts';

const lookEveryMs = 5_000;

/**
 * I1: the servers of a plan never serve in both Regions at once, unless the fence on the primary is owed, or its plan says that nobody fences, and the
 * catalogue says so. One that no connection can begin with serves nobody new, but runs: the catalogue then says that it is isolated, and no more than that.
 * Looks every 5 s of virtual time and at every call that starts servers, changes groups or moves traffic.
 */
export const oneWriter: Checker = {
  name: 'one-writer',
  attach(stage) {
    const broken = new Set<string>();
    const look = () => {
      if (!servesIn(stage, stage.plan.recovery.region)) return;
      const open = servesIn(stage, stage.plan.primary.region);
      const isCutOff = runsCutOff(stage);
      if (!open && !isCutOff) return;
      const at = new Date(stage.clock.now()).toISOString();
      whenRead(readState(stage), (state) => {
        const status = state?.fence?.status ?? 'none';
        const mayServe = status === 'owed' || (status === 'waived' && stage.plan.failover.fence === 'none');
        if (open && !mayServe) broken.add(`I1 servers serve in both Regions behind a fence that is ${status} (${at})`);
        if (isCutOff && status !== 'isolated' && status !== 'owed')
          broken.add(`I1 servers run at home, cut off, behind a fence that is ${status} (${at})`);
      });
    };
    const again = () => {
      look();
      stage.clock.after(lookEveryMs, again);
    };
    again();
    stage.cloud.record.watch(({ operation }) => {
      if (/^(StartInstances|RunInstances|ModifyNetworkInterfaceAttribute|ChangeResourceRecordSets)$/.test(operation))
        look();
    });
    return () => [...broken].slice(0, 1);
  },
};

/** Whether users could reach a server of the plan that writes there. */
function servesIn(stage: Stage, region: string): boolean {
  const { ec2 } = stage.cloud.services(region);
  return servingIn(stage, region).some((instance) => !ec2.isCutOff(instance));
}

/** Whether a server at home goes on for those who were connected to it. */
function runsCutOff(stage: Stage): boolean {
  const { region } = stage.plan.primary;
  const { ec2 } = stage.cloud.services(region);
  return servingIn(stage, region).some((instance) => ec2.isCutOff(instance));
}

function servingIn(stage: Stage, region: string): string[] {
  if (stage.cloud.faults.isSilent(region)) return [];
  const { ec2 } = stage.cloud.services(region);
  const ids = Object.entries(stage.plan.servers).flatMap(([server, { instance }]) => [
    stage.workload.instanceIn(region, server) ?? '',
    // What it was before it came home as another one.
    instance,
  ]);
  return ids.filter((instance) => ec2.isServing(instance));
}

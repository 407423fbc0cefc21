import type { Patience } from '../../aws/call.ts';
import { ec2LookClient } from '../../aws/clients.ts';
import { describeInstances } from '../../aws/instances.ts';
import { findIsolationGroup } from '../../aws/network.ts';
import { fenceKindOf, isolationFaults } from '../../domain/fence.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Services } from '../services.ts';
import { lookAtEach } from './looks.ts';

/** `unfenceable`: why the primary could not be isolated. A failover goes on by what its plan says of a fence that is owed. */
export interface IsolationFindings {
  readonly unfenceable: readonly string[];
  readonly unseen: readonly string[];
}

/** The isolation groups of a plan that isolates, in the primary Region, as far as that answers: what a failover does without, as it does without the Region. */
export async function isolationFindings(
  services: Services,
  plan: Plan,
  patience: Patience,
): Promise<IsolationFindings> {
  if (fenceKindOf(plan) !== 'isolate') return { unfenceable: [], unseen: [] };
  const { region } = plan.primary;
  const ec2 = services.client(ec2LookClient, region);
  const names = new Map(Object.entries(plan.servers).map(([name, { instance }]) => [instance, name]));
  const { found, unseen } = await lookAtEach(`isolation groups of ${region}`, [plan], async () => {
    const instances = await describeInstances(ec2, [...names.keys()], patience);
    const vpcs = instances.flatMap(({ id, raw }) =>
      raw.VpcId === undefined ? [] : [[names.get(id) ?? id, raw.VpcId] as const],
    );
    const groups = new Map<string, Awaited<ReturnType<typeof findIsolationGroup>>>();
    for (const id of plan.failover.isolationGroups ?? []) groups.set(id, await findIsolationGroup(ec2, id, patience));
    return isolationFaults(region, groups, new Map(vpcs));
  });
  return { unfenceable: found.get(plan) ?? [], unseen };
}

import type { FailoverPair, ServerRecord, TrafficRecord } from '../../lib/domain/plan.ts';
import type { ZoneRecord } from '../../sim/route53/record-set.ts';
import type { Checker } from './checker.ts';
import { leftOutNow } from './table.ts';

/**
 * I5: users are led to the site where the catalogue says production runs, and every server of the plan serves there, but for those that the last
 * operation says it went on without, as the plan lets it. Nobody is led to one of these.
 */
export const served: Checker = {
  name: 'served',
  attach:
    () =>
    ({ stage, table }) => {
      const { plan, cloud, workload } = stage;
      const site = table.state?.activeSite ?? 'primary';
      const region = plan[site].region;
      if (cloud.faults.isSilent(region)) return [];
      const { ec2 } = cloud.services(region);
      const leftOut = leftOutNow(table);
      const mayBeLeft = (server: string) =>
        plan.servers[server]?.optional === true ||
        plan[site === 'recovery' ? 'failover' : 'failback'].questions?.unhealthy !== undefined;
      const broken: string[] = [];
      for (const server of Object.keys(plan.servers)) {
        const instance = workload.instanceIn(region, server) ?? '';
        const isServing = ec2.isServing(instance) && !ec2.isCutOff(instance);
        if (!isServing && !leftOut.has(server))
          broken.push(`server ${server} does not serve in ${region}, where production is`);
        const { state = 'gone' } = ec2.state.instances.get(workload.instanceIn(region, server) ?? '') ?? {};
        if (leftOut.get(server) === true && state !== 'running')
          broken.push(`server ${server} is said to run in ${region}, and is ${state}`);
        if (leftOut.has(server) && !mayBeLeft(server)) broken.push(`server ${server} was left out, and nobody said so`);
      }
      const { route53 } = cloud.services(plan.recovery.region);
      const { recoverycluster } = cloud.services(plan.recovery.region);
      for (const record of plan.traffic) {
        if ('routingControls' in record) {
          for (const [of, control] of Object.entries(record.routingControls))
            if ((recoverycluster.stateOf(control) === 'On') !== (of === site))
              broken.push(`${control} does not lead to ${region}`);
          continue;
        }
        const { zone, name, type } = record;
        if ('failover' in record) {
          const led = route53.resolve(name, type, zone)?.values;
          const meant = route53
            .servedRecords(zone, name, type)
            .find(({ set }) => set === record.failover[site])?.values;
          if (led === undefined || led.join() !== meant?.join())
            broken.push(`${name} ${type} in ${zone} leads to ${led?.join(', ')}, not to ${region}`);
          continue;
        }
        if (!('server' in record)) {
          if (!isLedTo(site, record, route53.servedRecords(zone, name, type)))
            broken.push(`${name} ${type} in ${zone} does not lead to ${region}`);
          continue;
        }
        const { server } = record;
        const address = route53.servedRecords(zone, name, type).find(({ set }) => set === record.set)?.values[0] ?? '';
        const led = ec2.instanceAt(address)?.instanceId;
        if (led === undefined || led !== workload.instanceIn(region, server))
          broken.push(`${name} leads to ${address}, which is not ${server} in ${region}`);
        if (leftOut.get(server) === false) broken.push(`${name} leads to ${server}, which was left out`);
      }
      return broken.map((line) => `I5 ${line}`);
    },
};

/** By what DNS servers have. */
function isLedTo(
  site: 'primary' | 'recovery',
  record: Exclude<TrafficRecord, ServerRecord | FailoverPair>,
  served: readonly ZoneRecord[],
): boolean {
  if ('weighted' in record) {
    const weightOf = (set: string) =>
      served.flatMap(({ set: each, routing }) =>
        each === set && routing?.policy === 'weighted' ? [routing.weight] : [],
      );
    const [here, there] = [record.weighted[site], record.weighted[site === 'primary' ? 'recovery' : 'primary']];
    return weightOf(here).some((weight) => weight > 0) && weightOf(there).every((weight) => weight === 0);
  }
  const found = served.find(({ set }) => set === record.set);
  if ('alias' in record) return found?.alias?.name === `${record.alias[site].name.replace(/\.$/, '')}.`;
  return found?.values.toSorted().join() === record.values[site].toSorted().join();
}

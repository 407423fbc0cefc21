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
        const isServing = ec2.isServing(workload.instanceIn(region, server) ?? '');
        if (!isServing && !leftOut.has(server))
          broken.push(`server ${server} does not serve in ${region}, where production is`);
        const { state = 'gone' } = ec2.state.instances.get(workload.instanceIn(region, server) ?? '') ?? {};
        if (leftOut.get(server) === true && state !== 'running')
          broken.push(`server ${server} is said to run in ${region}, and is ${state}`);
        if (leftOut.has(server) && !mayBeLeft(server)) broken.push(`server ${server} was left out, and nobody said so`);
      }
      for (const { name, type, server } of plan.traffic) {
        const address = cloud.services(plan.recovery.region).route53.resolve(name, type)?.values[0] ?? '';
        const led = ec2.instanceAt(address)?.instanceId;
        if (led === undefined || led !== workload.instanceIn(region, server))
          broken.push(`${name} leads to ${address}, which is not ${server} in ${region}`);
        if (leftOut.get(server) === false) broken.push(`${name} leads to ${server}, which was left out`);
      }
      return broken.map((line) => `I5 ${line}`);
    },
};

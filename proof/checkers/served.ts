import type { Checker } from './checker.ts';

/** I5: users are led to the site where the catalogue says production runs, and every server of the plan serves there. */
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
      const down = Object.keys(plan.servers).filter(
        (server) => !ec2.isServing(workload.instanceIn(region, server) ?? ''),
      );
      const broken = down.map((server) => `server ${server} does not serve in ${region}, where production is`);
      for (const { name, type, server } of plan.traffic) {
        const address = cloud.services(plan.recovery.region).route53.resolve(name, type)?.values[0] ?? '';
        if (ec2.instanceAt(address)?.instanceId !== workload.instanceIn(region, server))
          broken.push(`${name} leads to ${address}, which is not ${server} in ${region}`);
      }
      return broken.map((line) => `I5 ${line}`);
    },
};

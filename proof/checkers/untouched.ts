import type { RecordedCall } from '../../sim/call-record.ts';
import type { Checker } from './checker.ts';

const startsOrStops = /^(StartInstances|StopInstances|RebootInstances)$/;

/**
 * I10: on behalf of a drill no record is looked at or changed, no server is started or stopped, and nothing is launched where production is or would
 * be. A drill asks nothing of the primary Region, unless it drills the way home: that one launches there and in no other Region.
 */
export const untouched: Checker = {
  name: 'untouched',
  attach:
    (stage) =>
    ({ table }) => {
      const { primary, recovery, drill, failback } = stage.plan;
      const { invocations } = stage.cloud.services(recovery.region).lambda;
      const drills = new Map(
        invocations.flatMap(({ id, payload }) => {
          const { operation } = (payload ?? {}) as { operation?: string };
          return operation?.startsWith('drill-') === true ? [[id, operation] as const] : [];
        }),
      );
      const calls = stage.cloud.record.calls.filter(({ invocation }) => drills.has(invocation ?? ''));
      const goesHome = new Set(table.operations.filter(({ extent }) => extent === 'way-home').map(({ id }) => id));
      const apart = (isHome: boolean) => new Set(Object.values((isHome ? failback.drill : drill)?.subnets ?? {}));
      const broken = calls.flatMap((call) => {
        const { region, service, operation } = call;
        const isHome = goesHome.has(drills.get(call.invocation ?? '') ?? '');
        if (isHome && operation === 'RunInstances' && region !== primary.region)
          return [`of the way home launches in ${region}`];
        if (region === primary.region && !isHome) return [`asks ${primary.region} for ${operation}`];
        if (service === 'route53' || startsOrStops.test(operation)) return [`calls ${operation}`];
        if (operation !== 'RunInstances') return [];
        const elsewhere = subnetsOf(call).filter((subnet) => !apart(isHome).has(subnet));
        return elsewhere.map((subnet) => `launches into ${subnet}`);
      });
      return [...new Set(broken)].map((line) => `I10 a drill ${line}`);
    },
};

function subnetsOf({ input }: RecordedCall): string[] {
  const interfaces = (input['NetworkInterfaces'] ?? []) as { SubnetId?: string }[];
  return [input['SubnetId'] as string | undefined, ...interfaces.map(({ SubnetId }) => SubnetId)].filter(
    (subnet) => subnet !== undefined,
  );
}

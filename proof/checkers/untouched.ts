import type { RecordedCall } from '../../sim/call-record.ts';
import type { Checker } from './checker.ts';

const startsOrStops = /^(StartInstances|StopInstances|RebootInstances)$/;

/** I10: on behalf of a drill nothing is asked of the primary Region, no record is looked at or changed, and nothing is launched where production would be. */
export const untouched: Checker = {
  name: 'untouched',
  attach: (stage) => () => {
    const { primary, recovery, drill } = stage.plan;
    const { invocations } = stage.cloud.services(recovery.region).lambda;
    const drills = new Set(
      invocations.flatMap(({ id, payload }) => {
        const { operation } = (payload ?? {}) as { operation?: string };
        return operation?.startsWith('drill-') === true ? [id] : [];
      }),
    );
    const apart = new Set(Object.values(drill?.subnets ?? {}));
    const broken = stage.cloud.record.calls
      .filter(({ invocation }) => drills.has(invocation ?? ''))
      .flatMap((call) => {
        const { region, service, operation } = call;
        if (region === primary.region) return [`asks ${primary.region} for ${operation}`];
        if (service === 'route53' || startsOrStops.test(operation)) return [`calls ${operation}`];
        const elsewhere = operation === 'RunInstances' ? subnetsOf(call).filter((subnet) => !apart.has(subnet)) : [];
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

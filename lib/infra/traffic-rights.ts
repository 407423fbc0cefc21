import { metricNamespace } from '../names.ts';
import type { Resources, Right } from './resources.ts';

/** A metric has no resource: the namespace limits it. */
export const publishing: Right = {
  actions: ['cloudwatch:PutMetricData'],
  resources: ['*'],
  conditions: { StringEquals: { 'cloudwatch:namespace': metricNamespace } },
};

const looks = ['route53:ListResourceRecordSets', 'route53-recovery-cluster:GetRoutingControlState'];

/** Looking where the records and routing controls of the plans lead. */
export function reading(of: Resources): Right[] {
  return switching(of).filter(({ actions }) => actions.some((action) => looks.includes(action)));
}

/** Having failover pairs lead elsewhere, by a metric. */
export function leading(of: Resources): Right[] {
  return of.hasFailoverPair ? [publishing] : [];
}

/** The plans' own records of a zone, replaced one for one, and their own routing controls. */
export function switching(of: Resources): Right[] {
  return [...changing(of), ...turning(of)];
}

/** No safety rule is overridden. */
function turning({ routingControls }: Resources): Right[] {
  if (routingControls.length === 0) return [];
  const safely = { BoolIfExists: { 'route53-recovery-cluster:AllowSafetyRulesOverrides': 'false' } };
  return [
    { actions: ['route53-recovery-cluster:GetRoutingControlState'], resources: routingControls },
    {
      actions: ['route53-recovery-cluster:UpdateRoutingControlStates'],
      resources: routingControls,
      conditions: safely,
    },
  ];
}

function changing(of: Resources): Right[] {
  const action = 'route53:ChangeResourceRecordSets';
  return [...of.zones].flatMap(([zone, { names, types }]) => {
    const resources = [`arn:${of.partition}:route53:::hostedzone/${zone}`];
    const records = {
      [`${action}NormalizedRecordNames`]: names,
      [`${action}RecordTypes`]: types,
      [`${action}Actions`]: ['CREATE', 'DELETE'],
    };
    const conditions = { 'ForAllValues:StringEquals': records };
    return [
      { actions: ['route53:ListResourceRecordSets'], resources },
      ...(names.length === 0 ? [] : [{ actions: [action], resources, conditions }]),
    ];
  });
}

import type { SimulatedCloud } from '../../sim/create-cloud.ts';
import type { Context, RoleRequest } from './request.ts';

interface State {
  readonly Parameters?: { readonly FunctionName?: string };
  readonly ItemProcessor?: { readonly ProcessorConfig?: { readonly Mode?: string }; readonly States: States };
  readonly Branches?: readonly { readonly States: States }[];
}
type States = Readonly<Record<string, State>>;

/**
 * Requests that AWS's own services make with roles of the stacks, from what is deployed: state machines invoke the functions
 * that their states name and start their Distributed Maps, schedules start state machines and invoke functions. The simulator does these without a call
 * over the wire. @source Step Functions guide, IAM policies for Distributed Map
 */
export function orchestrationRequests(cloud: SimulatedCloud): RoleRequest[] {
  return cloud.regions.flatMap((region) =>
    [...cloud.services(region).cloudformation.stacks.values()].flatMap(({ resources }) =>
      resources.flatMap(({ type, physicalId, properties }) => {
        if (type === 'AWS::StepFunctions::StateMachine') return machineRequests(physicalId, properties, region);
        if (type === 'AWS::Scheduler::Schedule') return scheduleRequests(properties, region);
        return [];
      }),
    ),
  );
}

const named = (arn: string) => arn.split('/').at(-1) ?? '';
const at = (region: string): Context => ({ 'aws:RequestedRegion': region, 'aws:SecureTransport': 'true' });

function machineRequests(
  machine: string,
  properties: Readonly<Record<string, unknown>>,
  region: string,
): RoleRequest[] {
  const { DefinitionString, RoleArn } = properties as { DefinitionString: string; RoleArn: string };
  const role = named(RoleArn);
  const context = at(region);
  const all = nested((JSON.parse(DefinitionString) as { States: States }).States);
  const invoked = new Set(all.map(({ Parameters }) => Parameters?.FunctionName).filter((name) => name !== undefined));
  const child = `${machine.replace(':stateMachine:', ':execution:')}:child`;
  const isDistributed = all.some(({ ItemProcessor }) => ItemProcessor?.ProcessorConfig?.Mode === 'DISTRIBUTED');
  return [
    ...[...invoked].map((resource) => ({ role, action: 'lambda:InvokeFunction', resource, context })),
    ...(isDistributed ? [{ role, action: 'states:StartExecution', resource: machine, context }] : []),
    ...(isDistributed
      ? ['DescribeExecution', 'StopExecution'].map((name) => ({
          role,
          action: `states:${name}`,
          resource: child,
          context,
        }))
      : []),
  ];
}

function nested(states: States): State[] {
  return Object.values(states).flatMap((state) => [
    state,
    ...(state.ItemProcessor === undefined ? [] : nested(state.ItemProcessor.States)),
    ...(state.Branches ?? []).flatMap((branch) => nested(branch.States)),
  ]);
}

function scheduleRequests(properties: Readonly<Record<string, unknown>>, region: string): RoleRequest[] {
  const { Arn, RoleArn } = properties['Target'] as { Arn: string; RoleArn: string };
  const action = Arn.startsWith('arn:aws:lambda:') ? 'lambda:InvokeFunction' : 'states:StartExecution';
  return [{ role: named(RoleArn), action, resource: Arn, context: at(region) }];
}

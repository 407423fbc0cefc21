import {
  GetRoutingControlStateCommand,
  type Route53RecoveryClusterClient,
  UpdateRoutingControlStatesCommand,
} from '@aws-sdk/client-route53-recovery-cluster';
import { Failure } from '../domain/failure.ts';
import type { ControlState } from '../domain/routing-control.ts';
import { AwsFailure, awsCall, isUnanswered } from './call.ts';

/** A client for each endpoint of a cluster, in the order in which they are asked. */
export type Cluster = readonly Route53RecoveryClusterClient[];

/** Whether a routing control is on; `undefined` where its cluster has none of this ARN. */
export async function readControl(cluster: Cluster, control: string): Promise<ControlState | undefined> {
  try {
    const answer = await atAnyEndpoint(cluster, `read routing control ${control}`, (endpoint) =>
      endpoint.send(new GetRoutingControlStateCommand({ RoutingControlArn: control })),
    );
    return answer.RoutingControlState;
  } catch (error) {
    if (error instanceof AwsFailure && error.awsName === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

/**
 * Turns controls of one panel, all or none. Told twice, since an answer was lost, it changes nothing more. No safety rule is overridden. @source aws-facts [4.3]; ARC API reference, UpdateRoutingControlStates
 * @throws Failure TrafficChanged when a safety rule forbids it
 */
export async function turnControls(
  cluster: Cluster,
  turns: readonly { readonly control: string; readonly state: ControlState }[],
): Promise<void> {
  const words = turns.map(({ control, state }) => `${control} ${state}`).join(', ');
  const entries = turns.map(({ control, state }) => ({ RoutingControlArn: control, RoutingControlState: state }));
  try {
    await atAnyEndpoint(cluster, `turn ${words}`, (endpoint) =>
      endpoint.send(new UpdateRoutingControlStatesCommand({ UpdateRoutingControlStateEntries: entries })),
    );
  } catch (error) {
    if (!(error instanceof AwsFailure && error.awsName === 'ConflictException')) throw error;
    throw new Failure(
      'TrafficChanged',
      `Cannot turn ${words}: a safety rule of the control panel is in the way. Look at its rules, then start again. ${error.message}`,
      { cause: error },
    );
  }
}

/**
 * Asks one endpoint after the other until one answers: AWS keeps three of five accessible, and the Region of any may be the one that is lost.
 * @source aws-facts [4.3]; ARC guide, getting and updating routing control states
 */
async function atAnyEndpoint<Answer>(
  cluster: Cluster,
  what: string,
  ask: (endpoint: Route53RecoveryClusterClient) => Promise<Answer>,
): Promise<Answer> {
  let unanswered: unknown;
  for (const endpoint of cluster)
    try {
      return await awsCall(what, () => ask(endpoint));
    } catch (error) {
      if (!isUnanswered(error)) throw error;
      unanswered = error;
    }
  throw unanswered;
}

import {
  GetRoutingControlStateCommand,
  type Route53RecoveryClusterClient,
  UpdateRoutingControlStatesCommand,
} from '@aws-sdk/client-route53-recovery-cluster';
import type { ControlState } from '../domain/routing-control.ts';
import { AwsFailure, awsCall, isUnanswered } from './call.ts';

/** A client for each endpoint of a cluster, in the order in which they are asked. */
export type Cluster = readonly Route53RecoveryClusterClient[];

/** Whether a routing control is on; `undefined` where no endpoint that answers has one of this ARN. */
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
 * Turns controls of one panel, all or none. Told twice, since an answer was lost, it changes nothing more. No safety rule is overridden. A conflict is a safety rule that forbids it, or another change that is under way, which AWS does not tell apart:
 * whoever asks looks again first. @source aws-facts [4.3]; ARC API reference, UpdateRoutingControlStates
 * @returns why it is in conflict; `undefined` where they are turned
 */
export async function turnControls(
  cluster: Cluster,
  turns: readonly { readonly control: string; readonly state: ControlState }[],
): Promise<AwsFailure | undefined> {
  const words = turns.map(({ control, state }) => `${control} ${state}`).join(', ');
  const entries = turns.map(({ control, state }) => ({ RoutingControlArn: control, RoutingControlState: state }));
  try {
    await atAnyEndpoint(cluster, `turn ${words}`, (endpoint) =>
      endpoint.send(new UpdateRoutingControlStatesCommand({ UpdateRoutingControlStateEntries: entries })),
    );
  } catch (error) {
    if (error instanceof AwsFailure && error.awsName === 'ConflictException') return error;
    throw error;
  }
  return undefined;
}

/**
 * Asks one endpoint after the other until one answers: AWS keeps three of five accessible, and the Region of any may be the one that is lost. One that is of
 * another cluster, or whose Region refuses, says nothing of the others; what it said counts where no other one says more.
 * @source aws-facts [4.3]; ARC guide, getting and updating routing control states
 */
async function atAnyEndpoint<Answer>(
  cluster: Cluster,
  what: string,
  ask: (endpoint: Route53RecoveryClusterClient) => Promise<Answer>,
): Promise<Answer> {
  let unanswered: unknown;
  let refused: unknown;
  for (const endpoint of cluster)
    try {
      return await awsCall(what, () => ask(endpoint));
    } catch (error) {
      if (isRefused(error)) refused ??= error;
      else if (isUnanswered(error)) unanswered = error;
      else throw error;
    }
  // While one is silent nobody knows that there is no such control.
  throw unanswered ?? refused;
}

function isRefused(error: unknown): boolean {
  return error instanceof AwsFailure && (error.awsName === 'ResourceNotFoundException' || error.code === 'AwsRefused');
}

import { GetCommandInvocationCommand, SendCommandCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { printable } from '../domain/quoted.ts';
import { AwsFailure, awsCall } from './call.ts';

/** The shortest that Systems Manager takes. @source SSM API reference, SendCommand */
const deliverySeconds = 30;
/** Of what a script printed, the last words, which tell why it failed. */
const wordsMax = 300;

export interface Script {
  readonly instance: string;
  readonly lines: readonly string[];
  /** Up to 100 characters, shown beside the command in the console. */
  readonly comment: string;
  /** The agent kills it after that. */
  readonly runSecondsMax: number;
}

/**
 * Sends a shell script to an instance and gives the id of the command. AWS has no token for it: sent twice it runs twice. An agent that was
 * silent may take it late, up to 30 s and `runSecondsMax` after it was sent.
 */
export async function sendScript(ssm: SSMClient, { instance, lines, comment, runSecondsMax }: Script): Promise<string> {
  const sent = await awsCall(`send a command to ${instance}`, () =>
    ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        InstanceIds: [instance],
        Comment: comment,
        TimeoutSeconds: deliverySeconds,
        Parameters: { commands: [...lines], executionTimeout: [String(runSecondsMax)] },
      }),
    ),
  );
  return sent.Command?.CommandId ?? '';
}

/** `undelivered`: no agent took it, and none will. */
export type CommandState =
  | { readonly kind: 'under-way' }
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed' | 'undelivered'; readonly reason: string };

const undelivered = new Set(['DeliveryTimedOut', 'Undeliverable']);
const underWay = new Set(['Pending', 'InProgress', 'Delayed', 'Cancelling']);

/** A command that was sent a moment ago may not be known yet. @source SSM API reference, GetCommandInvocation */
export async function readCommand(ssm: SSMClient, command: string, instance: string): Promise<CommandState> {
  try {
    const seen = await awsCall(`read command ${command}`, () =>
      ssm.send(new GetCommandInvocationCommand({ CommandId: command, InstanceId: instance })),
    );
    const { Status = 'Pending', StatusDetails = Status, ResponseCode = -1, StandardErrorContent = '' } = seen;
    if (Status === 'Success') return { kind: 'succeeded' };
    if (underWay.has(Status)) return { kind: 'under-way' };
    const words = printable(StandardErrorContent.trim().slice(-wordsMax), wordsMax);
    const code = ResponseCode < 0 ? '' : `, exit code ${ResponseCode}`;
    const kind = undelivered.has(StatusDetails.replaceAll(' ', '')) ? 'undelivered' : 'failed';
    return { kind, reason: `${StatusDetails}${code}${words === '' ? '' : `: ${words}`}` };
  } catch (error) {
    if (error instanceof AwsFailure && error.awsName === 'InvocationDoesNotExist') return { kind: 'under-way' };
    throw error;
  }
}

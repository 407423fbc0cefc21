import { snsClient } from '../../aws/clients.ts';
import { notify } from '../../aws/signals.ts';
import { environment } from '../../names.ts';
import type { Services } from '../services.ts';

/** Tells whoever subscribed to the topic of the stack (I11). */
export function tell(services: Services, subject: string, text: string): Promise<void> {
  return notify(services.client(snsClient), services.setting(environment.topicArn), subject, text);
}

/** Where an execution is looked at in the Step Functions console. */
export function consoleOf(region: string, execution: string): string {
  return `https://${region}.console.aws.amazon.com/states/home?region=${region}#/v2/executions/details/${execution}`;
}

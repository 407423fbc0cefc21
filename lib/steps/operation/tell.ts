import { snsClient } from '../../aws/clients.ts';
import { notify } from '../../aws/signals.ts';
import { environment } from '../../names.ts';
import type { Services } from '../services.ts';

/** Tells whoever subscribed to the topic of the stack (I11). */
export function tell(services: Services, subject: string, text: string): Promise<void> {
  return notify(services.client(snsClient), services.setting(environment.topicArn), subject, text);
}

import { metrics } from '../../names.ts';
import { publish } from '../operation/publish.ts';
import type { Services } from '../services.ts';

/**
 * Says that volumes are copied in full although the recovery Region has an earlier image of them: beside the operation with the
 * cause, in words, and as a metric that an alarm watches. Such a copy moves and stores everything once more. @source aws-facts [9.3]
 */
export async function sayFullCopies(
  services: Services,
  { plan, operation, step }: { readonly plan: string; readonly operation: string; readonly step: string },
  causes: readonly string[],
): Promise<void> {
  if (causes.length === 0) return;
  await services.catalogue.addEvent(operation, services.now(), causes.join('; '));
  await publish(services, { plan, step }, [{ metric: metrics.unexpectedFullCopies, value: causes.length }]);
}

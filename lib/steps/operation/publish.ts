import { cloudwatchClient } from '../../aws/clients.ts';
import { type Measurement, putMeasurements } from '../../aws/metrics.ts';
import { Failure } from '../../domain/failure.ts';
import type { Services } from '../services.ts';

/**
 * Publishes what a step measured on its way. A number that cannot be published is no reason to fail a recovery point: that is said in
 * the log of the function, and the alarms take the missing number for what it may mean.
 */
export async function publish(
  services: Services,
  { plan, step }: { readonly plan: string; readonly step: string },
  measurements: readonly Measurement[],
): Promise<void> {
  try {
    await putMeasurements(services.client(cloudwatchClient), plan, measurements, services.now());
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message } = error;
    console.error(JSON.stringify({ level: 'warning', step, code, message }));
  }
}

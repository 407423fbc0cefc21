import { route53Client } from '../../aws/clients.ts';
import { readRecord } from '../../aws/records.ts';
import { isTransient } from '../../domain/failure.ts';
import type { LadderFindings } from '../../domain/launch-ladder.ts';
import type { FailoverPair, Plan } from '../../domain/plan.ts';
import { faultOf, pairFault, pairOf } from '../../domain/traffic.ts';
import type { Services } from '../services.ts';
import { presentOf } from './intend.ts';
import { healthCheckOf } from './lead.ts';

/** Why traffic could not be switched. A failover pair that cannot be looked at is only warned of: it moves without Route 53's control plane. */
export async function trafficFindings(services: Services, plan: Plan): Promise<LadderFindings> {
  const blocking: string[] = [];
  const warnings: string[] = [];
  for (const record of plan.traffic) {
    const named = `record ${record.name} ${record.type}`;
    if ('failover' in record) {
      const { fault, unseen } = await lookAtPair(services, plan, record);
      if (fault !== undefined) blocking.push(`${named} cannot be moved: ${fault}`);
      if (unseen !== undefined) warnings.push(`${named} could not be looked at: ${unseen}`);
      continue;
    }
    const fault = faultOf(record, await presentOf(services, record));
    if (fault !== undefined) blocking.push(`${named} cannot be switched: ${fault}`);
  }
  return { blocking, warnings };
}

async function lookAtPair(
  services: Services,
  plan: Plan,
  record: FailoverPair,
): Promise<{ fault?: string | undefined; unseen?: string }> {
  const client = services.client(route53Client);
  try {
    const present = await Promise.all(pairOf(record).map((name) => readRecord(client, name)));
    return { fault: pairFault(record, present, healthCheckOf(services, plan.name)) };
  } catch (error) {
    if (!isTransient(error)) throw error;
    return { unseen: error.message };
  }
}

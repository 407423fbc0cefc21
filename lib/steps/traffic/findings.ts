import { route53LookClient } from '../../aws/clients.ts';
import { readRecord } from '../../aws/records.ts';
import { isTransient } from '../../domain/failure.ts';
import type { LadderFindings } from '../../domain/launch-ladder.ts';
import type { Plan, TrafficRecord } from '../../domain/plan.ts';
import type { RecordName, RecordValue } from '../../domain/record-set.ts';
import { arnsOf, controlsOf } from '../../domain/routing-control.ts';
import { faultOf, namesOf, pairFault, pairOf, recordsOf } from '../../domain/traffic.ts';
import type { Services } from '../services.ts';
import { healthCheckOf } from './lead.ts';
import { lookAtControls } from './turn.ts';

type Look = (names: readonly RecordName[]) => Promise<readonly (RecordValue | undefined)[]>;

/**
 * Why traffic could not be switched. Records that cannot be looked at, since Route 53 does not answer, are only warned of: pairs move without its control plane, and the switch
 * of others waits for it while the servers are brought up. So are routing controls of which no endpoint of their cluster answers.
 */
export async function trafficFindings(services: Services, plan: Plan): Promise<LadderFindings> {
  const client = services.client(route53LookClient);
  const look: Look = (names) => Promise.all(names.map((name) => readRecord(client, name)));
  const blocking: string[] = [];
  const warnings: string[] = [];
  for (const entry of controlsOf(plan))
    try {
      const { fault, isAway } = await lookAtControls(services, entry);
      if (fault !== undefined) blocking.push(`routing controls cannot be turned: ${fault}`);
      else if (isAway)
        warnings.push(
          `routing controls lead to ${plan.recovery.region} already, so nothing will be turned: ${arnsOf(entry).join(', ')}. Look whether the plan names them the right way round`,
        );
    } catch (error) {
      if (!isTransient(error)) throw error;
      // Endpoints that are silent are so for all of them.
      warnings.push(`routing controls could not be looked at: ${error.message}`);
      break;
    }
  for (const record of recordsOf(plan)) {
    try {
      const fault = await faultSeen(services, plan, record, look);
      if (fault !== undefined) blocking.push(`record ${record.name} ${record.type} cannot be switched: ${fault}`);
    } catch (error) {
      if (!isTransient(error)) throw error;
      // One that is silent is so for all of them.
      warnings.push(`record ${record.name} ${record.type} could not be looked at: ${error.message}`);
      break;
    }
  }
  return { blocking, warnings };
}

async function faultSeen(
  services: Services,
  plan: Plan,
  record: TrafficRecord,
  look: Look,
): Promise<string | undefined> {
  if ('failover' in record) return pairFault(record, await look(pairOf(record)), healthCheckOf(services, plan.name));
  return faultOf(record, await look(namesOf(record)));
}

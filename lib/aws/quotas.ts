import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  type ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import type { Quota } from '../domain/quotas.ts';
import { AwsFailure, awsCall } from './call.ts';

/** What the account has of a quota. Of one that was never raised AWS may know its default only. @source Service Quotas API reference, GetServiceQuota */
export async function readQuota(client: ServiceQuotasClient, { service, code }: Quota): Promise<number | undefined> {
  const named = { ServiceCode: service, QuotaCode: code };
  const read = `read quota ${code}`;
  try {
    return (await awsCall(read, () => client.send(new GetServiceQuotaCommand(named)))).Quota?.Value;
  } catch (error) {
    if (!(error instanceof AwsFailure && error.awsName === 'NoSuchResourceException')) throw error;
    return (await awsCall(read, () => client.send(new GetAWSDefaultServiceQuotaCommand(named)))).Quota?.Value;
  }
}

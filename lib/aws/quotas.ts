import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  type ServiceQuota,
  type ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import type { Quota } from '../domain/quotas.ts';
import { AwsFailure, awsCall, type Patience } from './call.ts';

/** What the account has of a quota. Of one that was never raised AWS may know its default only. @source Service Quotas API reference, GetServiceQuota */
export async function readQuota(
  client: ServiceQuotasClient,
  { service, code }: Quota,
  patience: Patience,
): Promise<number> {
  const named = { ServiceCode: service, QuotaCode: code };
  const read = `read quota ${code}`;
  try {
    return valueOf(code, (await awsCall(read, () => client.send(new GetServiceQuotaCommand(named), patience))).Quota);
  } catch (error) {
    if (!(error instanceof AwsFailure && error.awsName === 'NoSuchResourceException')) throw error;
    const answer = await awsCall(read, () => client.send(new GetAWSDefaultServiceQuotaCommand(named), patience));
    return valueOf(code, answer.Quota);
  }
}

/** An answer may tell in place of the value why there is none. @source Service Quotas API reference, ErrorReason */
function valueOf(code: string, { Value, ErrorReason }: ServiceQuota = {}): number {
  if (Value !== undefined) return Value;
  const { ErrorCode = 'NoValue', ErrorMessage = 'nothing more' } = ErrorReason ?? {};
  const message = `Cannot read quota ${code}: AWS answered without its value, ${ErrorCode}: ${ErrorMessage}`;
  throw new AwsFailure('AwsRejected', ErrorCode, undefined, message, undefined);
}

import type {
  GetAWSDefaultServiceQuotaRequest,
  GetAWSDefaultServiceQuotaResponse,
  GetServiceQuotaRequest,
  GetServiceQuotaResponse,
  ServiceQuota,
} from '@aws-sdk/client-service-quotas';
import type { Quota } from '../ec2/quotas.ts';
import { AwsError, NotModelled, type Operation, operation, type Service, type Surroundings } from '../service.ts';

declare module '../cloud.ts' {
  interface Services {
    servicequotas: ServiceQuotas;
  }
}

type Named = Pick<GetServiceQuotaRequest, 'ServiceCode' | 'QuotaCode'>;

/** The simulated Service Quotas of one Region: EC2's and EBS's, which enforce them themselves. */
export class ServiceQuotas implements Service {
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.operations = {
      GetServiceQuota: operation<GetServiceQuotaRequest, GetServiceQuotaResponse>(
        ['ServiceCode', 'QuotaCode'],
        (input) => ({ Quota: this.#applied(input) }),
      ),
      GetAWSDefaultServiceQuota: operation<GetAWSDefaultServiceQuotaRequest, GetAWSDefaultServiceQuotaResponse>(
        ['ServiceCode', 'QuotaCode'],
        (input) => {
          const quota = this.#find(input);
          return { Quota: this.#describe(quota, quota.byDefault) };
        },
      ),
    };
  }

  /** Of a quota that has only its default value nothing is told. @source Service Quotas API reference, GetServiceQuota */
  #applied(named: Named): ServiceQuota {
    const quota = this.#find(named);
    const value = this.#quotas.given(quota.code);
    if (value === undefined) throw noSuch();
    return this.#describe(quota, value);
  }

  get #quotas() {
    return this.#surroundings.cloud.services(this.#surroundings.region).ec2.state.quotas;
  }

  #find({ ServiceCode, QuotaCode }: Named): Quota {
    if (ServiceCode !== 'ec2' && ServiceCode !== 'ebs') throw new NotModelled(`quotas of the service ${ServiceCode}`);
    const quota = this.#quotas.all.find(({ service, code }) => service === ServiceCode && code === QuotaCode);
    if (quota === undefined) throw noSuch();
    return quota;
  }

  /** In place of a value it may tell why there is none. @source Service Quotas API reference, ErrorReason */
  #describe({ service, code, name }: Quota, value: number): ServiceQuota {
    const { region, account } = this.#surroundings;
    const untold = {
      ErrorCode: 'DEPENDENCY_SERVICE_ERROR',
      ErrorMessage: 'The service has not told its value.',
    } as const;
    return {
      ServiceCode: service,
      QuotaArn: `arn:aws:servicequotas:${region}:${account}:${service}/${code}`,
      QuotaCode: code,
      QuotaName: name,
      ...(this.#quotas.untold.has(code) ? { ErrorReason: untold } : { Value: value }),
      Unit: 'None',
      Adjustable: true,
      GlobalQuota: false,
    };
  }
}

function noSuch(): AwsError {
  return new AwsError('NoSuchResourceException', 'The specified resource does not exist.');
}

import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EBSClient } from '@aws-sdk/client-ebs';
import { EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { Route53Client } from '@aws-sdk/client-route-53';
import { Route53RecoveryClusterClient } from '@aws-sdk/client-route53-recovery-cluster';
import { S3Client } from '@aws-sdk/client-s3';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';
import { inFlightMax } from '../domain/blocks.ts';

/**
 * SDK clients have no read time-out of their own, and a lost Region answers nothing; without these a step would hang until
 * its Lambda is killed. @source aws-facts [2.8]
 */
const patience = { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true } as const;
const base = { maxAttempts: 3, requestHandler: patience } as const;

/** Makes the client of one service; the bundle holds those that some step names. Without a Region, or an endpoint where a service has them apart: the function's own. */
export type ClientFactory<Client> = (at?: string) => Client;

const inRegion = (region: string | undefined) => (region === undefined ? base : { ...base, region });

export const ec2Client: ClientFactory<EC2Client> = (region) => new EC2Client(inRegion(region));
/**
 * For CreateSnapshots and CopySnapshot, which have no token: the SDK's own repeat after a lost answer would make a second one. The
 * state machine repeats the step instead, which looks for the first. @source aws-facts [1.10]
 */
export const ec2OnceClient: ClientFactory<EC2Client> = (region) =>
  new EC2Client({ ...inRegion(region), maxAttempts: 1 });
/** A connection for each block in flight, and one for the pages of the list. */
const blockPatience = { ...patience, httpsAgent: { maxSockets: inFlightMax + 1 } };
export const ebsClient: ClientFactory<EBSClient> = (region) =>
  new EBSClient({ ...inRegion(region), requestHandler: blockPatience, maxAttempts: 5 });
export const dynamodbClient: ClientFactory<DynamoDBClient> = (region) => new DynamoDBClient(inRegion(region));
export const route53Client: ClientFactory<Route53Client> = (region) => new Route53Client(inRegion(region));
export const cloudwatchClient: ClientFactory<CloudWatchClient> = (region) => new CloudWatchClient(inRegion(region));
export const s3Client: ClientFactory<S3Client> = (region) => new S3Client(inRegion(region));
export const snsClient: ClientFactory<SNSClient> = (region) => new SNSClient(inRegion(region));
export const sfnClient: ClientFactory<SFNClient> = (region) => new SFNClient(inRegion(region));

/** The control planes of IAM and Route 53 are in one Region for all, which may be the one that is lost. @source aws-facts [4.3] */
const shortPatience = { ...patience, requestTimeout: 3_000 };
/** What is asked of it is worth one short wait. */
export const iamClient: ClientFactory<IAMClient> = (region) =>
  new IAMClient({ ...inRegion(region), requestHandler: shortPatience, maxAttempts: 1 });
/** A preflight looks, and goes on where nobody answers: the switch itself waits. */
export const route53LookClient: ClientFactory<Route53Client> = (region) =>
  new Route53Client({ ...inRegion(region), requestHandler: shortPatience, maxAttempts: 2 });
export const serviceQuotasClient: ClientFactory<ServiceQuotasClient> = (region) =>
  new ServiceQuotasClient({ ...inRegion(region), requestHandler: shortPatience, maxAttempts: 2 });

/** What a look asks of a Region that may be lost, and does without. */
export const ec2LookClient: ClientFactory<EC2Client> = (region) =>
  new EC2Client({ ...inRegion(region), requestHandler: shortPatience, maxAttempts: 1 });
export const kmsClient: ClientFactory<KMSClient> = (region) =>
  new KMSClient({ ...inRegion(region), requestHandler: shortPatience, maxAttempts: 2 });

/** An endpoint of a routing control cluster, by its URL, which names its Region. Where one does not answer the next one is asked. */
export const recoveryClusterClient: ClientFactory<Route53RecoveryClusterClient> = (endpoint = '') =>
  new Route53RecoveryClusterClient({
    ...inRegion(endpoint.split('.')[2]),
    ...{ endpoint, requestHandler: shortPatience, maxAttempts: 1 },
  });

/** While a server is frozen nobody waits long for one answer: the step looks again. What is sent twice is harmless (decision 0013). */
export const ssmClient: ClientFactory<SSMClient> = (region) => new SSMClient({ ...inRegion(region), maxAttempts: 2 });

/** For scripts that may not run twice at once: the step itself sends again, once the first can run no more. */
export const ssmOnceClient: ClientFactory<SSMClient> = (region) =>
  new SSMClient({ ...inRegion(region), maxAttempts: 1 });

/** A probe of many servers waits for the slowest of them. */
const probePatience = { ...patience, requestTimeout: 60_000 };
export const lambdaClient: ClientFactory<LambdaClient> = (region) =>
  new LambdaClient({ ...inRegion(region), requestHandler: probePatience });

/** Gives one client per service and Region, made at first use and kept for the life of the Lambda. */
export type Clients = <Client>(factory: ClientFactory<Client>, region?: string) => Client;

export function createClients(): Clients {
  const kept = new Map<ClientFactory<unknown>, Map<string, unknown>>();
  return <Client>(factory: ClientFactory<Client>, region?: string) => {
    const byRegion = kept.get(factory) ?? new Map<string, unknown>();
    kept.set(factory, byRegion);
    const client = (byRegion.get(region ?? '') as Client | undefined) ?? factory(region);
    byRegion.set(region ?? '', client);
    return client;
  };
}

import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EBSClient } from '@aws-sdk/client-ebs';
import { EC2Client } from '@aws-sdk/client-ec2';
import { Route53Client } from '@aws-sdk/client-route-53';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';

/**
 * SDK clients have no read time-out of their own, and a lost Region answers nothing; without these a step would hang until
 * its Lambda is killed. @source aws-facts [2.8]
 */
const base = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
} as const;

/** One client per service and Region, made at first use and kept for the life of the Lambda. */
export interface Clients {
  ec2(region: string): EC2Client;
  ebs(region: string): EBSClient;
  dynamodb(): DynamoDBClient;
  route53(): Route53Client;
  cloudwatch(): CloudWatchClient;
  sns(): SNSClient;
  sfn(): SFNClient;
}

export function createClients(): Clients {
  const ec2 = kept((region) => new EC2Client({ ...base, region }));
  const ebs = kept((region) => new EBSClient({ ...base, region, maxAttempts: 5 }));
  const dynamodb = kept(() => new DynamoDBClient(base));
  const route53 = kept(() => new Route53Client(base));
  const cloudwatch = kept(() => new CloudWatchClient(base));
  const sns = kept(() => new SNSClient(base));
  const sfn = kept(() => new SFNClient(base));
  return {
    ec2,
    ebs,
    dynamodb: () => dynamodb(''),
    route53: () => route53(''),
    cloudwatch: () => cloudwatch(''),
    sns: () => sns(''),
    sfn: () => sfn(''),
  };
}

function kept<Client>(create: (region: string) => Client): (region: string) => Client {
  const clients = new Map<string, Client>();
  return (region) => {
    const client = clients.get(region) ?? create(region);
    clients.set(region, client);
    return client;
  };
}

import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EBSClient } from '@aws-sdk/client-ebs';
import type { EC2Client } from '@aws-sdk/client-ec2';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { ebsClient, ec2Client } from './clients.ts';

/** What an operator's command line talks to in one Region. */
export interface OperatorClients {
  readonly cloudformation: CloudFormationClient;
  readonly dynamodb: DynamoDBClient;
  readonly ebs: EBSClient;
  readonly ec2: EC2Client;
  readonly s3: S3Client;
  readonly sfn: SFNClient;
}

export function createOperatorClients(region: string): OperatorClients {
  const config = { region };
  return {
    cloudformation: new CloudFormationClient(config),
    dynamodb: new DynamoDBClient(config),
    ebs: ebsClient(region),
    ec2: ec2Client(region),
    s3: new S3Client(config),
    sfn: new SFNClient(config),
  };
}

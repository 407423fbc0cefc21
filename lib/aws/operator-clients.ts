import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';

/** What an operator's command line talks to, in the recovery Region. */
export interface OperatorClients {
  readonly cloudformation: CloudFormationClient;
  readonly dynamodb: DynamoDBClient;
  readonly sfn: SFNClient;
}

export function createOperatorClients(region: string): OperatorClients {
  const config = { region };
  return {
    cloudformation: new CloudFormationClient(config),
    dynamodb: new DynamoDBClient(config),
    sfn: new SFNClient(config),
  };
}

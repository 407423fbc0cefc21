/** Names that the deployed stack and the code that runs in it share. */

/** Tag keys of everything Homeward creates (I8). */
export const tags = {
  plan: 'homeward:plan',
  operation: 'homeward:operation',
  purpose: 'homeward:purpose',
  point: 'homeward:point',
  server: 'homeward:server',
  device: 'homeward:device',
  step: 'homeward:step',
} as const;

/** Environment variables of the functions. */
export const environment = {
  table: 'HOMEWARD_TABLE',
  topicArn: 'HOMEWARD_TOPIC_ARN',
  failoverMachineArn: 'HOMEWARD_FAILOVER_MACHINE_ARN',
  failbackMachineArn: 'HOMEWARD_FAILBACK_MACHINE_ARN',
  /** JSON: alarm name → plan. */
  alarms: 'HOMEWARD_ALARMS',
  /** JSON: `outside` → function that probes public addresses; `inside` → plan → function in the plan's recovery network. */
  probers: 'HOMEWARD_PROBERS',
} as const;

/** Outputs of the stack, read by the CLI. */
export const outputs = {
  protectMachineArn: 'ProtectMachineArn',
  failoverMachineArn: 'FailoverMachineArn',
  failbackMachineArn: 'FailbackMachineArn',
  tableName: 'TableName',
  topicArn: 'TopicArn',
} as const;

/** All plans of one recovery Region form one stack there. */
export function stackName(recoveryRegion: string): string {
  return `Homeward-${recoveryRegion}`;
}

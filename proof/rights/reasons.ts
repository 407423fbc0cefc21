/** Why roles may do what no rehearsed call needs. */
export interface Reason {
  /** Titles of the roles; a list is held to each of its members. */
  readonly roles: RegExp | readonly string[];
  readonly actions: readonly string[];
  readonly why: string;
}

/** Each names a grant that is still given and still unused; any other makes the check fail. */
export const reasons: readonly Reason[] = [
  {
    roles: /^\w+\/[\w-]+$/,
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    why: 'Lambda writes the log of a function with the role of the function; the simulator keeps logs itself.',
  },
  {
    roles: /MachineRole$/,
    actions: [
      'logs:CreateLogDelivery',
      'logs:DeleteLogDelivery',
      'logs:DescribeLogGroups',
      'logs:DescribeResourcePolicies',
      'logs:GetLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutResourcePolicy',
      'logs:UpdateLogDelivery',
    ],
    why: 'Step Functions delivers the history of executions to their log groups with these. @source Step Functions guide, IAM policies for logging',
  },
  {
    roles: /MachineRole$/,
    actions: ['xray:GetSamplingRules', 'xray:GetSamplingTargets', 'xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
    why: 'Step Functions traces executions with these. @source Step Functions guide, X-Ray',
  },
  {
    roles: /^(Protect|Failover|Failback)\w+MachineRole$/,
    actions: ['states:RedriveExecution'],
    why: 'An operator who redrives an execution redrives what failed in its Distributed Maps.',
  },
  {
    roles: /^waves\/probe$/,
    actions: ['arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole'],
    why: 'A function in a network manages its own interfaces; this is the policy that AWS maintains for it.',
  },
  {
    roles: /^(failback\/(put-back|start|sweep)|failover\/clear|operation\/manifest)$/,
    actions: ['dynamodb:UpdateItem'],
    why: 'A step renews the lease of its operation where nothing has for ten minutes; here another one always has.',
  },
  {
    roles: ['failback/undo', 'failover/undo'],
    actions: ['route53-recovery-cluster:GetRoutingControlState'],
    why: 'An undo asks routing controls where users are only in plans without records; the plan that is lived through has some.',
  },
  {
    roles: ['traffic/restore'],
    actions: ['route53-recovery-cluster:UpdateRoutingControlStates'],
    why: 'Controls are turned after the records: they are turned back where a second panel refuses, or what comes after fails.',
  },
  {
    roles: ['failover/undo'],
    actions: ['ec2:ModifyInstanceAttribute'],
    why: 'A failover that is stopped after its commit is final: what takes it over gives its servers their protections.',
  },
  {
    roles: [
      'failback/commit',
      'failover/commit',
      'operation/rescue',
      'protect/capture',
      'protect/describe',
      'traffic/restore',
      'traffic/switch',
      'transfer/move',
      'transfer/start',
      'waves/health',
    ],
    actions: ['dynamodb:Query'],
    why: 'A step that finds no state of its plan asks whether the plan ever had an operation: then the catalogue is broken, and that is said instead of beginning anew.',
  },
];

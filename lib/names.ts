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
  evidenceBucket: 'HOMEWARD_EVIDENCE_BUCKET',
  protectMachineArn: 'HOMEWARD_PROTECT_MACHINE_ARN',
  failoverMachineArn: 'HOMEWARD_FAILOVER_MACHINE_ARN',
  failbackMachineArn: 'HOMEWARD_FAILBACK_MACHINE_ARN',
  /** JSON: alarm name → plan. */
  alarms: 'HOMEWARD_ALARMS',
  /** JSON: `outside` → function that probes public addresses; `inside` and `drill` → plan → function in the plan's recovery or drill network. */
  probers: 'HOMEWARD_PROBERS',
  /** JSON: plan → the alarm that says where its traffic is led, and the health check that watches it. */
  trafficSignals: 'HOMEWARD_TRAFFIC_SIGNALS',
} as const;

/** Where all metrics are, in the recovery Region. */
export const metricNamespace = 'Homeward';

/** What is measured of a plan; the first and third of each of its servers too, the last of each of its probes only. */
export const metrics = {
  /** Seconds since the start of the newest available point: what would be lost now. */
  rpoActual: 'RpoActual',
  /** Seconds since the start of a point whose copies are under way; its last value is how long they took. */
  copyAge: 'CopyAge',
  /** Bytes of the changed blocks of a point, where they are known: where its volumes are deltas. */
  deltaBytes: 'DeltaBytes',
  pointsCapturing: 'PointsCapturing',
  pointsAvailable: 'PointsAvailable',
  pointsFailed: 'PointsFailed',
  /** One sample for each tick of the schedule that arrived: 1 where it was skipped, else 0. */
  tickSkipped: 'TickSkipped',
  /** Seconds from when a tick was due until its run began. */
  tickDelay: 'TickDelay',
  /** Volumes copied in full although the recovery Region has an earlier image of them. */
  unexpectedFullCopies: 'UnexpectedFullCopies',
  /** What would stop a failover now; 0: the plan is ready. */
  readinessFindings: 'ReadinessFindings',
  /** Seconds that a failover would take, as the last one did, or the last drill. */
  predictedRto: 'PredictedRto',
  /** 1 has the plan's health check lead to the recovery Region, 0 home. Put only when traffic moves. */
  ledAway: 'LedAway',
  /** Seconds from the start of a drill until all its servers were healthy. */
  drillDuration: 'DrillDuration',
  /** Likewise of a drill of the way home. */
  homeDrillDuration: 'HomeDrillDuration',
  /** Of each probe of a plan: 1 where it was answered rightly, 0 where not. */
  probeAnswered: 'ProbeAnswered',
} as const;
export type Metric = (typeof metrics)[keyof typeof metrics];

export const dimensions = { plan: 'Plan', server: 'Server', probe: 'Probe' } as const;

/** Outputs of the stack, read by the CLI. */
export const outputs = {
  protectMachineArn: 'ProtectMachineArn',
  failoverMachineArn: 'FailoverMachineArn',
  failbackMachineArn: 'FailbackMachineArn',
  tableName: 'TableName',
  topicArn: 'TopicArn',
  evidenceBucketName: 'EvidenceBucketName',
} as const;

/** The output with the id of the health check that the primary records of a plan's failover pairs need. */
export function healthCheckOutput(plan: string): string {
  return `TrafficHealthCheck${plan.replaceAll(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase())}`;
}

/** All plans of one recovery Region form one stack there. */
export function stackName(recoveryRegion: string): string {
  return `Homeward-${recoveryRegion}`;
}

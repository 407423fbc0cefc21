import { changePerHour, writtenGib } from '../fleet.ts';
import type { Use } from './use.ts';

/** Dollars, us-east-1 list prices. @source aws-facts [9]; those from memory there are marked in docs/costs.md */
const price = {
  snapshotGbMonth: 0.05,
  transferGb: 0.02,
  stateTransition: 0.025 / 1_000,
  lambdaRequest: 0.2 / 1e6,
  lambdaGbSecond: 0.000_013_333_4,
  tableWrite: 0.625 / 1e6,
  tableRead: 0.125 / 1e6,
  metricMonth: 0.3,
  alarmMonth: 0.1,
  metricRequest: 0.01 / 1_000,
  drsServerMonth: 20.44,
} as const;

const hoursPerMonth = 730;
const gbPerGib = 1.073_741_824;
/** Most steps wait for a few answers of AWS; the simulated cloud does not tell how long that takes. What a step waits for by itself comes on top. */
const assumedSecondsPerInvocation = 1;
const memoryGb = 0.256;
const volumesPerServer = 3;
/** The newest points of the plan, and one under way. */
const pointsKept = 7;
const alarmsPerPlan = 8;
const metricsPerPlan = 9;
const metricsPerServer = 1;

/** Dollars a month for a fleet, and what DRS asks for the same servers before its staging disks and replication servers. */
export interface Month {
  readonly servers: number;
  readonly storage: number;
  readonly transfer: number;
  readonly stateMachines: number;
  readonly functions: number;
  readonly table: number;
  readonly metricsAndAlarms: number;
  readonly sum: number;
  readonly perServer: number;
  readonly drs: number;
}

export function monthOf(servers: number, use: Use, everyMinutes: number): Month {
  const times = hoursPerMonth / use.hours;
  const writtenGb = servers * volumesPerServer * writtenGib * gbPerGib;
  const deltaGb = (writtenGb * changePerHour * everyMinutes) / 60;
  const storage = 2 * (writtenGb + pointsKept * deltaGb) * price.snapshotGbMonth;
  const transfer = deltaGb * ((hoursPerMonth * 60) / everyMinutes) * price.transferGb;
  const stateMachines = use.stateTransitions * times * price.stateTransition;
  const functions =
    times *
    (use.invocations * price.lambdaRequest +
      (use.invocations * assumedSecondsPerInvocation + use.waitedSeconds) * memoryGb * price.lambdaGbSecond);
  // A consistent read unit is 4 KiB, a write unit 1 KiB; a server's item has about one and a half.
  const table =
    times *
    ((use.tableReads.bytes / 4_096 + use.tableReads.items * 0.1) * price.tableRead +
      use.tableWrites * 2 * price.tableWrite);
  const metrics = metricsPerPlan + metricsPerServer * servers;
  const metricsAndAlarms =
    metrics * price.metricMonth +
    alarmsPerPlan * price.alarmMonth +
    (use.calls['monitoring'] ?? 0) * times * price.metricRequest;
  const sum = storage + transfer + stateMachines + functions + table + metricsAndAlarms;
  const parts = { storage, transfer, stateMachines, functions, table, metricsAndAlarms, sum };
  const rounded = Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, cents(value)]));
  return {
    servers,
    ...(rounded as typeof parts),
    perServer: cents(sum / servers),
    drs: cents(servers * price.drsServerMonth),
  };
}

function cents(dollars: number): number {
  return Math.round(dollars * 100) / 100;
}

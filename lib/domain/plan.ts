import { z } from 'zod';
import { duration } from './duration.ts';

const region = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'is not an AWS Region. Write it like "us-east-1"');
const instanceId = z.string().regex(/^i-[0-9a-f]{8,17}$/, 'is not an instance id. Write it like "i-0123456789abcdef0"');
const port = z.number().int().min(1).max(65_535);

const health = z.strictObject({
  within: duration,
  tcp: port.optional(),
  http: z.strictObject({ port: port.default(80), path: z.string().startsWith('/').default('/'), status: z.number().int().min(100).max(599).default(200) }).optional(),
});

const server = z.strictObject({
  instance: instanceId,
  wave: z.number().int().min(1).default(1),
  health: health.default({ within: 600 }),
  elasticIp: z.string().regex(/^eipalloc-[0-9a-f]{8,17}$/, 'is not an allocation id. Write it like "eipalloc-0123456789abcdef0"').optional(),
});

const record = z.strictObject({
  zone: z.string().regex(/^Z[0-9A-Z]+$/, 'is not a hosted zone id. Write it like "Z0123456789ABC"'),
  name: z.string().min(1),
  type: z.literal('A').default('A'),
  ttl: duration.default(60),
  server: z.string(),
  address: z.enum(['public', 'private']),
});

const automatic = z.strictObject({
  heartbeat: z.strictObject({ namespace: z.string().min(1), metric: z.string().min(1), dimensions: z.record(z.string(), z.string()).default({}) }),
  missingFor: duration,
});

/** One plan as written in the file. */
export const planSchema = z.strictObject({
  primary: z.strictObject({ region }),
  recovery: z.strictObject({
    region,
    key: z.string().regex(/^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/[\w-]+$/, 'is not the ARN of a KMS key').optional(),
    subnets: z.record(z.string().startsWith('subnet-'), z.string().startsWith('subnet-')),
    securityGroups: z.record(z.string().startsWith('sg-'), z.string().startsWith('sg-')),
  }),
  protection: z.strictObject({ every: duration, rpoTarget: duration, keepPoints: z.number().int().min(1).default(24) }),
  servers: z.record(z.string().regex(/^[a-z][a-z0-9-]*$/, 'is not a server name. Use lower-case letters, digits and dashes'), server),
  traffic: z.array(record).default([]),
  failover: z.strictObject({
    rtoTarget: duration,
    whenFenceIsOwed: z.enum(['proceed', 'stop']).default('stop'),
    automatic: automatic.optional(),
  }),
  failback: z.strictObject({ pauseLimit: duration, roundsMax: z.number().int().min(1).max(20).default(4) }),
  probes: z.strictObject({ subnets: z.array(z.string()).min(1), securityGroups: z.array(z.string()).min(1) }).optional(),
  notify: z.array(z.email()).default([]),
});

/** The whole file: plans by name. */
export const planFileSchema = z.strictObject({
  plans: z.record(z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'is not a plan name. Use lower-case letters, digits and dashes'), planSchema),
});

type Written = z.output<typeof planSchema>;
type WrittenHealth = Written['servers'][string]['health'];

export interface PlanServer {
  readonly instance: string;
  readonly wave: number;
  readonly health: { readonly withinSeconds: number; readonly tcp?: number; readonly http?: { readonly port: number; readonly path: string; readonly status: number } };
  readonly elasticIp?: string;
}

export interface PlanRecord {
  readonly zone: string;
  readonly name: string;
  readonly type: string;
  readonly ttlSeconds: number;
  readonly server: string;
  readonly address: 'public' | 'private';
}

/** What is protected and how it is recovered. Durations in seconds. */
export interface Plan {
  readonly name: string;
  readonly primary: Written['primary'];
  readonly recovery: { readonly region: string; readonly key?: string | undefined; readonly subnets: Readonly<Record<string, string>>; readonly securityGroups: Readonly<Record<string, string>> };
  readonly protection: { readonly everySeconds: number; readonly rpoTargetSeconds: number; readonly keepPoints: number };
  readonly servers: Readonly<Record<string, PlanServer>>;
  readonly traffic: readonly PlanRecord[];
  readonly failover: {
    readonly rtoTargetSeconds: number;
    readonly whenFenceIsOwed: 'proceed' | 'stop';
    readonly automatic?: { readonly heartbeat: { readonly namespace: string; readonly metric: string; readonly dimensions: Readonly<Record<string, string>> }; readonly missingForSeconds: number };
  };
  readonly failback: { readonly pauseLimitSeconds: number; readonly roundsMax: number };
  readonly probes?: { readonly subnets: readonly string[]; readonly securityGroups: readonly string[] };
  readonly notify: readonly string[];
}

/** The plan as the code uses it, from the plan as it is written. */
export function toPlan(name: string, written: Written): Plan {
  const { protection, failover, failback, servers, traffic, probes, ...same } = written;
  const { automatic: trigger } = failover;
  return {
    ...same,
    name,
    protection: { everySeconds: protection.every, rpoTargetSeconds: protection.rpoTarget, keepPoints: protection.keepPoints },
    servers: Object.fromEntries(Object.entries(servers).map(([key, value]) => [key, toServer(value)])),
    traffic: traffic.map(({ ttl, ...rest }) => ({ ...rest, ttlSeconds: ttl })),
    failover: {
      rtoTargetSeconds: failover.rtoTarget,
      whenFenceIsOwed: failover.whenFenceIsOwed,
      ...(trigger === undefined ? {} : { automatic: { heartbeat: trigger.heartbeat, missingForSeconds: trigger.missingFor } }),
    },
    failback: { pauseLimitSeconds: failback.pauseLimit, roundsMax: failback.roundsMax },
    ...(probes === undefined ? {} : { probes }),
  };
}

function toServer({ instance, wave, health: gate, elasticIp }: Written['servers'][string]): PlanServer {
  return { instance, wave, health: toHealth(gate), ...(elasticIp === undefined ? {} : { elasticIp }) };
}

function toHealth({ within, tcp, http }: WrittenHealth): PlanServer['health'] {
  return { withinSeconds: within, ...(tcp === undefined ? {} : { tcp }), ...(http === undefined ? {} : { http }) };
}

import { z } from 'zod';
import { durationMessage, durationPattern, parseDuration } from './duration.ts';
import { brokenRules } from './plan-rules.ts';

/** How a server proves that it works. The status checks of its instance are always required; `tcp` and `http` come on top. */
export interface Health {
  readonly withinSeconds: number;
  readonly tcp?: number;
  readonly http?: { readonly port: number; readonly path: string; readonly status: number };
}

/** A protected EC2 instance. `elasticIp` is the allocation of an address prepared in the recovery Region. */
export interface PlanServer {
  readonly instance: string;
  readonly wave: number;
  readonly health: Health;
  readonly elasticIp?: string;
}

/** A DNS record that follows the active site. */
export interface TrafficRecord {
  readonly zone: string;
  readonly name: string;
  readonly type: 'A';
  readonly ttlSeconds: number;
  readonly server: string;
  readonly address: 'public' | 'private';
}

/** What makes failover start by itself: a metric in the recovery Region that stops arriving. */
export interface AutomaticFailover {
  readonly heartbeat: {
    readonly namespace: string;
    readonly metric: string;
    readonly dimensions: Readonly<Record<string, string>>;
  };
  readonly missingForSeconds: number;
}

/** A recovery plan: what is protected, and how it is recovered and brought home. Made by {@link planFileSchema}. */
export interface Plan {
  readonly name: string;
  readonly primary: { readonly region: string };
  /** `subnets` and `securityGroups` lead from the primary Region's id to the recovery Region's. Without `key`: the Region's default EBS key. */
  readonly recovery: {
    readonly region: string;
    readonly key?: string;
    readonly subnets: Readonly<Record<string, string>>;
    readonly securityGroups: Readonly<Record<string, string>>;
  };
  readonly protection: {
    readonly everySeconds: number;
    readonly rpoTargetSeconds: number;
    readonly keepPoints: number;
  };
  readonly servers: Readonly<Record<string, PlanServer>>;
  readonly traffic: readonly TrafficRecord[];
  readonly failover: {
    readonly rtoTargetSeconds: number;
    readonly whenFenceIsOwed: 'proceed' | 'stop';
    readonly automatic?: AutomaticFailover;
  };
  readonly failback: { readonly pauseLimitSeconds: number; readonly roundsMax: number };
  readonly probes?: { readonly subnets: readonly string[]; readonly securityGroups: readonly string[] };
  readonly notify: readonly string[];
}

/** Every message completes the sentence `<field>: <value> …`. */
const text = (pattern: RegExp, message: string) => z.string({ error: message }).regex(pattern, { error: message });
const id = (prefix: string) =>
  text(
    new RegExp(`^${prefix}-([0-9a-f]{8}|[0-9a-f]{17})$`),
    `is not an id. Write it like "${prefix}-0123456789abcdef0".`,
  );
const integer = (from: number, to: number) => {
  const error = `is not a whole number from ${from} to ${to}.`;
  return z.int({ error }).min(from, { error }).max(to, { error });
};
const oneOf = <const Words extends readonly [string, ...string[]]>(...words: Words) =>
  z.enum(words, { error: `is not one of: ${words.join(', ')}.` });
const duration = text(durationPattern, durationMessage).transform((written) => parseDuration(written) ?? 0);
const region = text(/^[a-z]{2}(-[a-z]+)+-\d$/, 'is not a Region. Write it like "us-west-2".');
const name = text(
  /^[a-z][a-z0-9-]{0,30}$/,
  'is not a name. Use up to 31 lower-case letters, digits and "-", a letter first.',
);
const port = integer(1, 65_535);
const words = z
  .string({ error: 'is not a text.' })
  .min(1, { error: 'is empty.' })
  .max(255, { error: 'is longer than 255 letters.' });
const key = text(
  /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)\/[\w/-]+$/,
  'is not the ARN of a KMS key. Write it like "arn:aws:kms:us-west-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab".',
);

const http = z.strictObject({
  port,
  path: text(/^\/\S*$/, 'is not a path. Write it like "/health".').default('/'),
  status: integer(100, 599).default(200),
});

const server = z.strictObject({
  instance: id('i'),
  wave: integer(1, 100),
  health: z.strictObject({ within: duration, tcp: port.exactOptional(), http: http.exactOptional() }),
  elasticIp: id('eipalloc').exactOptional(),
});

const record = z.strictObject({
  zone: text(/^Z[A-Z0-9]{1,31}$/, 'is not a hosted zone id. Write it like "Z0123456789ABCDEFGHIJ".'),
  name: text(/^([a-z0-9_*-]+\.)+[a-z0-9-]+\.?$/, 'is not a DNS name. Write it like "shop.example.com".'),
  type: oneOf('A'),
  ttl: duration,
  server: name,
  address: oneOf('public', 'private'),
});

const automatic = z.strictObject({
  heartbeat: z.strictObject({ namespace: words, metric: words, dimensions: z.record(words, words).default({}) }),
  missingFor: duration,
});

const planSchema = z
  .strictObject({
    primary: z.strictObject({ region }),
    recovery: z.strictObject({
      region,
      key: key.exactOptional(),
      subnets: z.record(id('subnet'), id('subnet')),
      securityGroups: z.record(id('sg'), id('sg')),
    }),
    protection: z.strictObject({ every: duration, rpoTarget: duration, keepPoints: integer(1, 1_000).default(6) }),
    servers: z
      .record(name, server)
      .refine((servers) => Object.keys(servers).length > 0, { error: 'is empty. Name at least one server.' }),
    traffic: z.array(record).default([]),
    failover: z.strictObject({
      rtoTarget: duration,
      whenFenceIsOwed: oneOf('proceed', 'stop'),
      automatic: automatic.exactOptional(),
    }),
    failback: z.strictObject({ pauseLimit: duration, roundsMax: integer(1, 20).default(4) }),
    probes: z
      .strictObject({
        subnets: z.array(id('subnet')).min(1, { error: 'is empty. Name at least one subnet.' }),
        securityGroups: z.array(id('sg')),
      })
      .exactOptional(),
    notify: z.array(z.email({ error: 'is not an e-mail address. Write it like "ops@example.com".' })).default([]),
  })
  .superRefine(
    (plan, { addIssue }) => {
      for (const { path, message } of brokenRules(plan)) addIssue({ code: 'custom', path: [...path], message });
    },
    { when: ({ value }) => typeof value === 'object' && value !== null },
  );

/** A plan as its file writes it, with every duration already in seconds. */
type WrittenPlan = z.output<typeof planSchema>;

/** Puts the unit of every duration into its field's name. */
function toPlan(planName: string, { protection, servers, traffic, failover, failback, ...same }: WrittenPlan): Plan {
  const { rtoTarget, automatic: written, ...failoverSame } = failover;
  return {
    name: planName,
    ...same,
    protection: {
      everySeconds: protection.every,
      rpoTargetSeconds: protection.rpoTarget,
      keepPoints: protection.keepPoints,
    },
    servers: Object.fromEntries(
      Object.entries(servers).map(
        ([
          serverName,
          {
            health: { within, ...probes },
            ...rest
          },
        ]) => [serverName, { ...rest, health: { withinSeconds: within, ...probes } }],
      ),
    ),
    traffic: traffic.map(({ ttl, ...rest }) => ({ ...rest, ttlSeconds: ttl })),
    failover: {
      ...failoverSame,
      rtoTargetSeconds: rtoTarget,
      ...(written === undefined
        ? {}
        : { automatic: { heartbeat: written.heartbeat, missingForSeconds: written.missingFor } }),
    },
    failback: { pauseLimitSeconds: failback.pauseLimit, roundsMax: failback.roundsMax },
  };
}

/** The plan file: recovery plans by name. Input: what `homeward.yaml` says; output: {@link Plan} in the file's order. */
export const planFileSchema = z
  .strictObject({
    plans: z
      .record(name, planSchema)
      .refine((plans) => Object.keys(plans).length > 0, { error: 'is empty. Name at least one plan.' }),
  })
  .transform(({ plans }) => Object.entries(plans).map(([planName, plan]) => toPlan(planName, plan)));

import { z } from 'zod';
import { duration, fields, id, integer, listOf, mapOf, name, oneOf, text, words, yesOrNo } from './fields.ts';
import { brokenRules } from './plan-rules.ts';

/** How a server proves that it works. The status checks of its instance are always required; `tcp` and `http` come on top. */
export interface Health {
  readonly withinSeconds: number;
  readonly tcp?: number;
  readonly http?: { readonly port: number; readonly path: string; readonly status: number };
}

/**
 * Commands that hold a server's writes while its snapshots are begun, each run by `sh` as root in a shell of its own. `onFailure`: what becomes
 * of the recovery point where the server was not frozen in time.
 */
export interface Consistency {
  readonly freeze: readonly string[];
  /** Must succeed on a server that is thawed already. */
  readonly thaw: readonly string[];
  /** How long the server may stay frozen: it thaws by itself then. */
  readonly withinSeconds: number;
  readonly onFailure: 'crash-consistent' | 'fail';
}

/** A protected EC2 instance. `elasticIp` is the allocation of an address prepared in the recovery Region; `ignoreLocalDisks`: nothing on the disks of its host is worth keeping. */
export interface PlanServer {
  readonly instance: string;
  readonly wave: number;
  readonly health: Health;
  readonly elasticIp?: string;
  readonly ignoreLocalDisks?: boolean;
  readonly consistency?: Consistency;
}

/** Every instance of the primary Region that carries all of these tags is a server of the plan; who carries them is looked up for each recovery point. */
export interface PlanGroup extends Omit<PlanServer, 'instance' | 'elasticIp'> {
  readonly tags: Readonly<Record<string, string>>;
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
  /** How long a person may call it off before anything happens. */
  readonly cancelWindowSeconds?: number;
  /** With an older newest point a person has to decide. */
  readonly pointAgeSecondsMax?: number;
}

/** A question to a person: how long it waits for an answer, and what is done without one. */
export interface QuestionRule {
  readonly withinSeconds: number;
  readonly otherwise: 'proceed' | 'undo';
}

/** What a failover asks people: of a primary that could not be fenced, of servers that do not become healthy, and before traffic moves. */
export interface FailoverQuestions {
  readonly owedFence?: QuestionRule;
  readonly unhealthy?: QuestionRule;
  readonly traffic?: QuestionRule;
}

/** What a failback asks people: before the returned primary is touched, of servers that do not become healthy, and before recovery stops serving. */
export interface FailbackQuestions {
  readonly primaryIsSafe?: QuestionRule;
  readonly unhealthy?: QuestionRule;
  readonly cutOver?: QuestionRule;
}

/** How nobody may delete a snapshot, for 1 to 36,500 days. A lock in `compliance` mode cannot be taken back. */
export interface SnapshotLock {
  readonly mode: 'governance' | 'compliance';
  readonly days: number;
}

/** Which recovery points are kept: any that one of these rules keeps. Periods are those of the calendar in UTC, weeks begin on Monday. */
export interface KeepRules {
  /** The newest points, so many. */
  readonly latest: number;
  /** The newest point of each of so many periods that have one, the period under way included. */
  readonly hourly: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  readonly yearly: number;
  /** Younger points are all kept. */
  readonly minimumAgeSeconds: number;
  /** What every copy in the recovery Region is locked with once its point is available. */
  readonly lock?: SnapshotLock;
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
    /** AWS may be paid to complete copies within a time, where the target would be missed otherwise. */
    readonly timeBasedCopies?: boolean;
    readonly retention: KeepRules;
  };
  readonly servers: Readonly<Record<string, PlanServer>>;
  readonly groups: Readonly<Record<string, PlanGroup>>;
  readonly traffic: readonly TrafficRecord[];
  readonly failover: {
    readonly rtoTargetSeconds: number;
    readonly whenFenceIsOwed: 'proceed' | 'stop' | 'ask';
    readonly questions?: FailoverQuestions;
    readonly automatic?: AutomaticFailover;
  };
  readonly failback: {
    readonly pauseLimitSeconds: number;
    readonly roundsMax: number;
    readonly questions?: FailbackQuestions;
  };
  readonly probes?: { readonly subnets: readonly string[]; readonly securityGroups: readonly string[] };
  readonly notify: readonly string[];
}

const region = text(/^[a-z]{2}(-[a-z]+)+-\d$/, 'is not a Region. Write it like "us-west-2".');
const port = integer(1, 65_535);
const key = text(
  /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)\/[\w/-]+$/,
  'is not the ARN of a KMS key. Write it like "arn:aws:kms:us-west-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab".',
);

const http = fields({
  port,
  path: text(/^\/[\x21-\x7e]*$/, 'is not a path. Write it like "/health".').default('/'),
  status: integer(100, 599).default(200),
});

const command = text(
  /^(?!.*\{\{)[^\p{C}]{1,1000}$/u,
  'is not a command. Write one line of 1 to 1000 characters without "{{", which Systems Manager would fill in.',
);

const consistency = fields({
  freeze: listOf(command, 'command'),
  thaw: listOf(command, 'command'),
  within: duration.prefault('60 seconds'),
  onFailure: oneOf('crash-consistent', 'fail').default('crash-consistent'),
});

const inWave = {
  wave: integer(1, 100),
  health: fields({ within: duration, tcp: port.exactOptional(), http: http.exactOptional() }),
  ignoreLocalDisks: yesOrNo.exactOptional(),
  consistency: consistency.exactOptional(),
};

const server = fields({ instance: id('i'), ...inWave, elasticIp: id('eipalloc').exactOptional() });

/** Its members add an instance id to its name. */
const groupName = text(
  /^(?!constructor$)[a-z][a-z0-9-]{0,11}$/,
  'is not a name of a group. Use up to 12 lower-case letters, digits and "-", a letter first.',
);

/** @source EC2 API reference, Tag: keys up to 127 characters, values up to 255; wildcards and backslashes mean something else in filters and policies */
const tagText = (most: number) =>
  text(
    new RegExp(`^(?!aws:)[\\x20-\\x29\\x2b-\\x3e\\x40-\\x5b\\x5d-\\x7e]{1,${most}}$`),
    `is not a tag here. Write 1 to ${most} ASCII letters, digits and signs, without "*", "?" and "\\".`,
  );

const group = fields({ tags: mapOf(tagText(127), tagText(255), 'tag'), ...inWave });

const record = fields({
  zone: text(/^Z[A-Z0-9]{1,31}$/, 'is not a hosted zone id. Write it like "Z0123456789ABCDEFGHIJ".'),
  name: text(/^([a-z0-9_*-]+\.)+[a-z0-9-]+\.?$/, 'is not a DNS name. Write it like "shop.example.com".'),
  type: oneOf('A'),
  ttl: duration,
  server: name,
  address: oneOf('public', 'private'),
});

const automatic = fields({
  heartbeat: fields({ namespace: words, metric: words, dimensions: mapOf(words, words).default({}) }),
  missingFor: duration,
  cancelWindow: duration.exactOptional(),
  pointAgeLimit: duration.exactOptional(),
});

const question = fields({ within: duration, otherwise: oneOf('proceed', 'undo') });
const optionalQuestion = question.exactOptional();

const pointCount = integer(0, 1_000).default(0);

const retention = fields({
  latest: integer(0, 1_000).default(6),
  hourly: pointCount,
  daily: pointCount,
  weekly: pointCount,
  monthly: pointCount,
  yearly: pointCount,
  minimumAge: duration.exactOptional(),
  lock: fields({ mode: oneOf('governance', 'compliance'), for: duration }).exactOptional(),
});

const planSchema = fields({
  primary: fields({ region }),
  recovery: fields({
    region,
    key: key.exactOptional(),
    subnets: mapOf(id('subnet'), id('subnet')),
    securityGroups: mapOf(id('sg'), id('sg')),
  }),
  protection: fields({
    every: duration,
    rpoTarget: duration,
    timeBasedCopies: yesOrNo.exactOptional(),
    retention: retention.prefault({}),
  }),
  servers: mapOf(name, server).default({}),
  groups: mapOf(groupName, group).default({}),
  traffic: listOf(record).default([]),
  failover: fields({
    rtoTarget: duration,
    whenFenceIsOwed: oneOf('proceed', 'stop', 'ask'),
    questions: fields({
      owedFence: optionalQuestion,
      unhealthy: optionalQuestion,
      traffic: optionalQuestion,
    }).exactOptional(),
    automatic: automatic.exactOptional(),
  }),
  failback: fields({
    pauseLimit: duration,
    roundsMax: integer(1, 20).default(4),
    questions: fields({
      primaryIsSafe: optionalQuestion,
      unhealthy: optionalQuestion,
      cutOver: optionalQuestion,
    }).exactOptional(),
  }),
  probes: fields({ subnets: listOf(id('subnet'), 'subnet'), securityGroups: listOf(id('sg')) }).exactOptional(),
  notify: listOf(z.email({ error: 'is not an e-mail address. Write it like "ops@example.com".' })).default([]),
}).superRefine(
  (plan, { addIssue }) => {
    for (const { path, message } of brokenRules(plan)) addIssue({ code: 'custom', path: [...path], message });
  },
  { when: ({ value }) => typeof value === 'object' && value !== null },
);

/** A plan as its file writes it, with every duration already in seconds. */
type WrittenPlan = z.output<typeof planSchema>;

/** Puts the unit of every duration into its field's name. */
function toPlan(
  planName: string,
  { protection, servers, groups, traffic, failover, failback, ...same }: WrittenPlan,
): Plan {
  const { rtoTarget, automatic: written, questions, ...failoverSame } = failover;
  const { minimumAge = 0, lock, ...counts } = protection.retention;
  const { timeBasedCopies } = protection;
  return {
    name: planName,
    ...same,
    protection: {
      everySeconds: protection.every,
      rpoTargetSeconds: protection.rpoTarget,
      ...(timeBasedCopies === undefined ? {} : { timeBasedCopies }),
      retention: {
        ...counts,
        minimumAgeSeconds: minimumAge,
        ...(lock === undefined ? {} : { lock: { mode: lock.mode, days: lock.for / 86_400 } }),
      },
    },
    servers: toServers(servers),
    groups: toServers(groups),
    traffic: traffic.map(({ ttl, ...rest }) => ({ ...rest, ttlSeconds: ttl })),
    failover: {
      ...failoverSame,
      rtoTargetSeconds: rtoTarget,
      ...(questions === undefined ? {} : { questions: toQuestions(questions) }),
      ...(written === undefined ? {} : { automatic: toAutomatic(written) }),
    },
    failback: {
      pauseLimitSeconds: failback.pauseLimit,
      roundsMax: failback.roundsMax,
      ...(failback.questions === undefined ? {} : { questions: toQuestions(failback.questions) }),
    },
  };
}

function toAutomatic({
  heartbeat,
  missingFor,
  cancelWindow,
  pointAgeLimit,
}: z.output<typeof automatic>): AutomaticFailover {
  return {
    heartbeat,
    missingForSeconds: missingFor,
    ...(cancelWindow === undefined ? {} : { cancelWindowSeconds: cancelWindow }),
    ...(pointAgeLimit === undefined ? {} : { pointAgeSecondsMax: pointAgeLimit }),
  };
}

type WrittenQuestion = z.output<typeof question>;

function toQuestions<Name extends string>(
  written: Readonly<Partial<Record<Name, WrittenQuestion>>>,
): Partial<Record<Name, QuestionRule>> {
  const entries = Object.entries<WrittenQuestion | undefined>(written).flatMap(([key, rule]) =>
    rule === undefined ? [] : [[key, { withinSeconds: rule.within, otherwise: rule.otherwise }]],
  );
  return Object.fromEntries(entries) as Partial<Record<Name, QuestionRule>>;
}

type Written = Omit<z.output<typeof group>, 'tags'>;

/** What servers and groups have in common, with the unit of every duration in its field's name. */
function toServers<Entry extends Written>(written: Readonly<Record<string, Entry>>) {
  const entries = Object.entries(written).map(([key, { health, consistency: commands, ...same }]) => {
    const { within: withinSeconds, ...probes } = health;
    return [key, { ...same, health: { withinSeconds, ...probes }, ...toConsistency(commands) }] as const;
  });
  return Object.fromEntries(entries);
}

function toConsistency(commands: Written['consistency']): { consistency?: Consistency } {
  if (commands === undefined) return {};
  const { within, ...same } = commands;
  return { consistency: { ...same, withinSeconds: within } };
}

/** The plan file: recovery plans by name. Input: what `homeward.yaml` says; output: {@link Plan} in the file's order. */
export const planFileSchema = fields({
  plans: mapOf(name, planSchema, 'plan'),
}).transform(({ plans }) => Object.entries(plans).map(([planName, plan]) => toPlan(planName, plan)));

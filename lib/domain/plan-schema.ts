import * as z from 'zod';
import {
  duration,
  durationOr,
  fields,
  id,
  integer,
  listOf,
  mapOf,
  name,
  oneOf,
  region,
  text,
  words,
  yesOrNo,
} from './fields.ts';
import { mibPerSecond } from './hydration.ts';
import { brokenRules } from './plan-rules.ts';
import type { AutomaticFailover, Consistency, DrillNetwork, Plan } from './plan.ts';
import { failbackQuestions, failoverQuestions, toQuestions } from './question-schema.ts';
import { toTraffic, trafficSchema } from './traffic-schema.ts';
import { userDataPolicy } from './user-data.ts';

const port = integer(1, 65_535);
const key = text(
  /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)\/[\w/-]+$/,
  'is not the ARN of a KMS key. Write it like "arn:aws:kms:us-west-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab".',
);

const answer = {
  path: text(/^\/[\x21-\x7e]*$/, 'is not a path. Write it like "/health".').default('/'),
  status: integer(100, 599).default(200),
  text: text(/^[^\p{C}]{1,200}$/u, 'is not a text. Write up to 200 characters in one line.').exactOptional(),
};
const http = fields({ port, ...answer });

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

const capacityPolicy = text(
  /^(open|none|cr-([0-9a-f]{8}|[0-9a-f]{17}))$/,
  'is no capacity. Write open, none, or the id of a Capacity Reservation like "cr-0123456789abcdef0".',
);

const inWave = {
  wave: integer(1, 100),
  optional: yesOrNo.exactOptional(),
  health: fields({
    within: duration,
    tcp: port.exactOptional(),
    http: http.exactOptional(),
    commands: listOf(command, 'command').exactOptional(),
  }),
  ignoreLocalDisks: yesOrNo.exactOptional(),
  userData: userDataPolicy.exactOptional(),
  capacity: capacityPolicy.exactOptional(),
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

const octet = '(25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
/** A name of several parts, the last of which is no number, or four numbers. @source RFC 1123 2.1 */
const address = text(
  new RegExp(`^((?=.{1,253}$)(${label}\\.)+(?!\\d+$)${label}|${octet}(\\.${octet}){3})$`),
  'is not a DNS name or an IPv4 address. Write it like "shop.example.com".',
);

const outsideProbe = fields({
  address,
  tcp: port.exactOptional(),
  http: http.exactOptional(),
  https: fields({ port: port.default(443), ...answer }).exactOptional(),
});

const automatic = fields({
  heartbeat: fields({ namespace: words, metric: words, dimensions: mapOf(words, words).default({}) }).exactOptional(),
  probes: mapOf(name, outsideProbe, 'probe').exactOptional(),
  atLeast: integer(1, 30).exactOptional(),
  missingFor: duration,
  cancelWindow: duration.exactOptional(),
  coolDown: duration.exactOptional(),
  pointAgeLimit: duration.exactOptional(),
});

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

const instanceType = text(
  /^[a-z][a-z0-9-]{1,15}\.[a-z0-9-]{1,15}$/,
  'is not an instance type. Write it like "m7g.large".',
);

const fallback = fields({
  subnets: mapOf(id('subnet'), listOf(id('subnet'), 'subnet')).default({}),
  instanceTypes: mapOf(instanceType, listOf(instanceType, 'instance type')).default({}),
});

const probes = fields({ subnets: listOf(id('subnet'), 'subnet'), securityGroups: listOf(id('sg')) });

const drill = fields({
  every: duration.exactOptional(),
  subnets: mapOf(id('subnet'), id('subnet')),
  securityGroups: mapOf(id('sg'), id('sg')),
  probes: probes.exactOptional(),
});

const homeDrill = fields({ subnets: mapOf(id('subnet'), id('subnet')), securityGroups: mapOf(id('sg'), id('sg')) });

const newServers = fields({
  subnets: mapOf(id('subnet'), id('subnet')).default({}),
  securityGroups: mapOf(id('sg'), id('sg')).default({}),
});

const planSchema = fields({
  primary: fields({ region }),
  recovery: fields({
    region,
    key: key.exactOptional(),
    formerKeys: listOf(key, 'key').exactOptional(),
    subnets: mapOf(id('subnet'), id('subnet')),
    securityGroups: mapOf(id('sg'), id('sg')),
    fallback: fallback.exactOptional(),
    userData: userDataPolicy.exactOptional(),
    capacity: capacityPolicy.exactOptional(),
    hydration: fields({ mibPerSecond: integer(mibPerSecond.from, mibPerSecond.to) }).exactOptional(),
  }),
  protection: fields({
    every: duration,
    rpoTarget: duration,
    timeBasedCopies: yesOrNo.exactOptional(),
    retention: retention.prefault({}),
  }),
  servers: mapOf(name, server).default({}),
  groups: mapOf(groupName, group).default({}),
  traffic: listOf(trafficSchema).default([]),
  failover: fields({
    rtoTarget: duration,
    fence: oneOf('stop', 'isolate', 'none').exactOptional(),
    isolationGroups: listOf(id('sg'), 'security group').exactOptional(),
    whenFenceIsOwed: oneOf('proceed', 'stop', 'ask'),
    questions: failoverQuestions.exactOptional(),
    automatic: automatic.exactOptional(),
  }),
  failback: fields({
    pauseLimit: duration,
    roundsMax: integer(1, 20).default(4),
    keepFor: durationOr('until accepted').prefault('14 days'),
    questions: failbackQuestions.exactOptional(),
    drill: homeDrill.exactOptional(),
    newServers: newServers.exactOptional(),
  }),
  probes: probes.exactOptional(),
  drill: drill.exactOptional(),
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
  { protection, servers, groups, traffic, failover, failback, drill: drilled, ...same }: WrittenPlan,
): Plan {
  const { rtoTarget, automatic: written, questions, ...failoverSame } = failover;
  const { pauseLimit, keepFor, questions: asked, ...failbackSame } = failback;
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
    ...(drilled === undefined ? {} : { drill: toDrill(drilled) }),
    traffic: traffic.map(toTraffic),
    failover: {
      ...failoverSame,
      rtoTargetSeconds: rtoTarget,
      ...(questions === undefined ? {} : { questions: toQuestions(questions) }),
      ...(written === undefined ? {} : { automatic: toAutomatic(written) }),
    },
    failback: {
      ...failbackSame,
      pauseLimitSeconds: pauseLimit,
      ...(keepFor === undefined ? {} : { keepForSeconds: keepFor }),
      ...(asked === undefined ? {} : { questions: toQuestions(asked) }),
    },
  };
}

function toDrill({ every, ...network }: z.output<typeof drill>): DrillNetwork {
  return { ...network, ...(every === undefined ? {} : { everySeconds: every }) };
}

function toAutomatic({
  missingFor,
  cancelWindow,
  coolDown,
  pointAgeLimit,
  ...same
}: z.output<typeof automatic>): AutomaticFailover {
  return {
    ...same,
    missingForSeconds: missingFor,
    ...(cancelWindow === undefined ? {} : { cancelWindowSeconds: cancelWindow }),
    ...(coolDown === undefined ? {} : { coolDownSeconds: coolDown }),
    ...(pointAgeLimit === undefined ? {} : { pointAgeSecondsMax: pointAgeLimit }),
  };
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

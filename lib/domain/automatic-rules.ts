import * as z from 'zod';
import { returnSeconds } from './automatic.ts';
import { formatDuration } from './duration.ts';
import { type Broken, type Rule, rule } from './rule.ts';

/**
 * A rule of alarms takes 10,240 characters; the ARN of an alarm whose name is of the longest, 255, takes 310.
 * @source CloudWatch API reference, PutCompositeAlarm, AlarmRule
 */
const signalsMax = 30;

const path = (...more: (string | number)[]) => ['failover', 'automatic', ...more];
const automatic = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.object({ failover: z.object({ automatic: z.object(shape) }) });

const probe = z.object({
  address: z.string(),
  tcp: z.unknown().optional(),
  http: z.unknown().optional(),
  https: z.unknown().optional(),
});

/** A heartbeat and probes, how many of them must agree, and what each probe asks whom. */
const signals: Rule = rule(
  automatic({
    heartbeat: z.unknown().optional(),
    probes: z.record(z.string(), z.unknown()).default({}),
    atLeast: z.unknown().optional(),
  }),
  ({ failover: { automatic: written } }) => {
    const { heartbeat, probes, atLeast } = written;
    const count = Object.keys(probes).length + (heartbeat === undefined ? 0 : 1);
    return [
      count === 0 && {
        path: path('heartbeat'),
        message: 'is missing. Write a heartbeat, or at least one probe.',
      },
      count > 1 &&
        atLeast === undefined && {
          path: path('atLeast'),
          message: `is missing. Write how many of the ${count} signals must say that the primary is out: 1 to ${count}.`,
        },
      count > 0 &&
        typeof atLeast === 'number' &&
        atLeast > count && {
          path: path('atLeast'),
          message: `is more than this plan has signals. Write at most ${count}.`,
        },
      count > signalsMax && {
        path: path('probes'),
        message: `are more than one rule of alarms takes. Write at most ${signalsMax} signals.`,
      },
      ...Object.entries(probes).flatMap(([name, asked]) => brokenByProbe(path('probes', name), asked)),
    ];
  },
);

function brokenByProbe(at: readonly (string | number)[], asked: unknown): (Broken | false)[] {
  const read = probe.safeParse(asked);
  if (!read.success) return [];
  const { address, tcp, http, https } = read.data;
  return [
    tcp === undefined &&
      http === undefined &&
      https === undefined && {
        path: [...at, 'tcp'],
        message: 'is missing. Write a port for tcp, or what http or https has to answer.',
      },
    isPrivate(address) && {
      path: [...at, 'address'],
      message: 'is a private address, which is out of reach from outside. Write a public one.',
    },
    https !== undefined &&
      isAddress(address) && {
        path: [...at, 'address'],
        message: 'is no name that a certificate is for. Write the DNS name for https.',
      },
  ];
}

function isAddress(text: string): boolean {
  return /^[\d.]+$/.test(text);
}

/** @source RFC 1918, RFC 6598, RFC 3927, RFC 1122 */
function isPrivate(address: string): boolean {
  return (
    isAddress(address) &&
    /^(0|10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./.test(address)
  );
}

/** Of an alarm whose periods are shorter than an hour. @source CloudWatch API reference, PutMetricAlarm, EvaluationPeriods */
const windowSecondsMax = 86_400;

/** Rules of `failover.automatic`. */
export const automaticRules: readonly Rule[] = [
  signals,
  rule(automatic({ missingFor: z.number() }), ({ failover }) => {
    const { missingFor } = failover.automatic;
    return [
      (missingFor % 60 !== 0 || missingFor > windowSecondsMax) && {
        path: path('missingFor'),
        message: 'is not in whole minutes up to a day, as alarms are. Write it like "3 minutes".',
      },
    ];
  }),
  rule(automatic({ cancelWindow: z.number() }), ({ failover }) => [
    failover.automatic.cancelWindow > 86_400 && {
      path: path('cancelWindow'),
      message: 'is longer than a day, and nobody is served meanwhile. Write it like "5 minutes".',
    },
  ]),
  rule(automatic({ coolDown: z.number(), missingFor: z.number() }), ({ failover }) => {
    const { coolDown, missingFor } = failover.automatic;
    const least = missingFor + returnSeconds;
    return [
      coolDown < least && {
        path: path('coolDown'),
        message: `is shorter than servers that were stopped may need to be heard of again. Write at least "${formatDuration(least)}".`,
      },
    ];
  }),
  rule(
    z.object({
      protection: z.object({ every: z.number() }),
      failover: z.object({ automatic: z.object({ pointAgeLimit: z.number() }) }),
    }),
    ({ protection, failover }) => [
      failover.automatic.pointAgeLimit < 2 * protection.every && {
        path: path('pointAgeLimit'),
        message: `is shorter than two of the plan's periods (protection.every), which the newest point may be old as a rule: alarms would start nothing. Write at least "${formatDuration(2 * protection.every)}".`,
      },
    ],
  ),
];

import * as z from 'zod';
import { automaticRules } from './automatic-rules.ts';
import {
  commandRule,
  drillRule,
  homeDrillRule,
  fallbackRule,
  healthRule,
  newServersRule,
  optionalRule,
  questionRule,
} from './block-rules.ts';
import { formatDuration } from './duration.ts';
import { isolationRule, owedFenceRule } from './fence-rules.ts';
import { keyRules } from './key-rules.ts';
import { memberOf } from './members.ts';
import { type Broken, type Rule, rule } from './rule.ts';
import { trafficRules } from './traffic-rules.ts';

/** Of an account in a Region, unless AWS raises it. @source aws-facts [1.3] */
const snapshotsMax = 100_000;
/** @source aws-facts [1.11] */
const lockDaysMax = 36_500;

const count = z.number();
const keepRules = z.object({
  latest: count,
  hourly: count,
  daily: count,
  weekly: count,
  monthly: count,
  yearly: count,
  minimumAge: z.number().optional(),
});

const names = z.record(z.string(), z.unknown()).default({});

const regions = { primary: z.object({ region: z.string() }), recovery: z.object({ region: z.string() }) };

const rules: readonly Rule[] = [
  rule(z.object(regions), ({ primary, recovery }) => [
    primary.region === recovery.region && {
      path: ['recovery', 'region'],
      message: 'is the primary Region too. Name another Region.',
    },
  ]),
  ...keyRules,
  rule(
    z.object({ protection: z.object({ every: z.number(), rpoTarget: z.number() }) }),
    ({ protection: { every, rpoTarget } }) => [
      rpoTarget < every && {
        path: ['protection', 'rpoTarget'],
        message: `is shorter than protection.every. Write at least "${formatDuration(every)}".`,
      },
    ],
  ),
  rule(z.object({ servers: names, groups: names }), ({ servers, groups }) => [
    Object.keys(servers).length + Object.keys(groups).length === 0 && {
      path: ['servers'],
      message: 'is missing. Name at least one server, or one group of servers by their tags.',
    },
  ]),
  rule(z.object({ servers: names, groups: names }), ({ servers, groups }) =>
    Object.keys(servers).map((name) => {
      const group = memberOf(name)?.group ?? '';
      return (
        Object.hasOwn(groups, group) && {
          path: ['servers', name],
          message: `is named like a member of group ${group}. Give it another name.`,
        }
      );
    }),
  ),
  rule(z.object({ groups: z.record(z.string(), z.unknown()) }), ({ groups }) => {
    const owners = new Map<string, string>();
    return Object.entries(groups).map(([name, group]) => {
      const read = z.object({ tags: z.record(z.string(), z.string()) }).safeParse(group);
      if (!read.success) return false;
      const tags = JSON.stringify(Object.entries(read.data.tags).toSorted());
      const owner = owners.get(tags);
      owners.set(tags, owner ?? name);
      return (
        owner !== undefined && {
          path: ['groups', name, 'tags'],
          message: `are those of group ${owner}. Name each group of servers once.`,
        }
      );
    });
  }),
  rule(z.object({ protection: z.object({ every: z.number() }) }), ({ protection: { every } }) => [
    every % 60 !== 0 && {
      path: ['protection', 'every'],
      message: 'is not in whole minutes, as schedules are. Write it like "15 minutes".',
    },
  ]),
  rule(z.object({ protection: z.object({ retention: keepRules }) }), ({ protection: { retention } }) => [
    Object.values(retention).every((kept) => kept === 0) && {
      path: ['protection', 'retention'],
      message:
        'keeps nothing. Write a number above 0 for one of latest, hourly, daily, weekly, monthly, yearly, or a minimumAge.',
    },
  ]),
  rule(
    z.object({
      protection: z.object({ every: z.number(), retention: z.object({ minimumAge: z.number() }) }),
      servers: z.record(z.string(), z.unknown()),
    }),
    ({ protection: { every, retention }, servers }) => {
      const path = ['protection', 'retention', 'minimumAge'];
      const { minimumAge } = retention;
      const most = Math.floor(snapshotsMax / Math.max(1, Object.keys(servers).length)) * every;
      return [
        minimumAge < every && {
          path,
          message: `is shorter than protection.every, so it keeps nothing. Write at least "${formatDuration(every)}".`,
        },
        minimumAge > most && {
          path,
          message: `needs more than the ${snapshotsMax} snapshots of a Region. Write at most "${wholeDays(most)}", or a longer protection.every.`,
        },
      ];
    },
  ),
  rule(
    z.object({
      protection: z.object({
        every: z.number(),
        retention: z.object({
          latest: z.number(),
          minimumAge: z.number().optional(),
          lock: z.object({ for: z.number() }),
        }),
      }),
    }),
    ({ protection: { every, retention } }) => {
      const path = ['protection', 'retention', 'lock', 'for'];
      const { latest, minimumAge = 0, lock } = retention;
      const kept = Math.max(minimumAge, latest * every);
      const isInDays = lock.for % 86_400 === 0 && lock.for <= lockDaysMax * 86_400;
      return [
        !isInDays && {
          path,
          message: `is not in whole days up to ${lockDaysMax}, as locks of snapshots are. Write it like "7 days".`,
        },
        isInDays &&
          lock.for > kept && {
            path,
            message: `is longer than every point is kept, ${formatDuration(kept)}. Lock for less, or write minimumAge: ${formatDuration(lock.for)}.`,
          },
      ];
    },
  ),
  rule(z.object({ protection: z.object({ every: z.number() }) }), ({ protection: { every } }) => [
    every > 172_800 && {
      path: ['protection', 'every'],
      message:
        'is longer than 2 days, beyond which no alarm can notice that a schedule fell silent. Write at most "2 days".',
    },
  ]),
  ...automaticRules,
  rule(z.object({ servers: z.record(z.string(), z.unknown()) }), ({ servers }) => {
    const owners = new Map<string, string>();
    return Object.entries(servers).map(([name, server]) => {
      const read = z.object({ instance: z.string() }).safeParse(server);
      if (!read.success) return false;
      const owner = owners.get(read.data.instance);
      owners.set(read.data.instance, owner ?? name);
      return (
        owner !== undefined && {
          path: ['servers', name, 'instance'],
          message: `is already the instance of server ${owner}. Name each instance once.`,
        }
      );
    });
  }),
  optionalRule,
  fallbackRule,
  drillRule,
  homeDrillRule,
  newServersRule,
  owedFenceRule,
  isolationRule,
  questionRule('failover'),
  questionRule('failback'),
  healthRule('servers'),
  healthRule('groups'),
  commandRule('servers'),
  commandRule('groups'),
  ...trafficRules,
];

/** The longest duration in whole days, or below that in whole hours, that is not longer. */
function wholeDays(durationSeconds: number): string {
  const unitSeconds = durationSeconds < 86_400 ? 3_600 : 86_400;
  return formatDuration(Math.floor(durationSeconds / unitSeconds) * unitSeconds);
}

/** Every rule between fields that the plan breaks. Takes also a plan of which some fields are wrong, so that all mistakes are told at once. */
export function brokenRules(plan: unknown): Broken[] {
  return rules.flatMap(({ brokenBy }) => brokenBy(plan));
}

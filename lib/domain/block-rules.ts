import * as z from 'zod';
import { formatDuration } from './duration.ts';
import { recoverySubnets } from './launch-network.ts';
import { type Rule, rule } from './rule.ts';

/** An agent may need some seconds to take a command and the snapshots need some to begin; nobody wants to wait for a write for longer. */
const freezeSeconds = { from: 30, to: 300 };
const answerSeconds = { from: 60, to: 86_400 };
/** A drill takes up to some hours, and one a year is the least that anybody asks for. */
const drillSeconds = { from: 21_600, to: 31_536_000 };
/** Of 64 KiB, the script around them included, in which a character may be four bytes. @source SSM API reference, SendCommand */
const commandCharactersMax = 12_000;
const scriptTooLong = `is longer than a script of Systems Manager may be. Write commands of ${commandCharactersMax} characters at most in all, and call a script of the server.`;
const frozen = z.object({ within: z.number(), freeze: z.array(z.string()), thaw: z.array(z.string()) });

const ids = z.record(z.string(), z.string());
const lists = z.record(z.string(), z.array(z.string())).default({});

/** Of the servers or the groups of a plan. */
export function healthRule(of: 'servers' | 'groups'): Rule {
  return rule(z.object({ [of]: z.record(z.string(), z.unknown()) }), ({ [of]: named = {} }) =>
    Object.entries(named).map(([name, server]) => {
      const read = z.object({ health: z.object({ commands: z.array(z.string()) }) }).safeParse(server);
      return (
        read.success &&
        read.data.health.commands.join('').length > commandCharactersMax && {
          path: [of, name, 'health', 'commands'],
          message: scriptTooLong,
        }
      );
    }),
  );
}

/** Of the servers or the groups of a plan. */
export function commandRule(of: 'servers' | 'groups'): Rule {
  return rule(z.object({ [of]: z.record(z.string(), z.unknown()) }), ({ [of]: named = {} }) =>
    Object.entries(named).flatMap(([name, server]) => {
      const read = z.object({ consistency: frozen }).safeParse(server);
      if (!read.success) return [];
      const { within, freeze, thaw } = read.data.consistency;
      const path = [of, name, 'consistency'];
      return [
        (within < freezeSeconds.from || within > freezeSeconds.to) && {
          path: [...path, 'within'],
          message: `is no time for a server to be frozen. Write "${formatDuration(freezeSeconds.from)}" to "${formatDuration(freezeSeconds.to)}".`,
        },
        [...freeze, ...thaw].join('').length > commandCharactersMax && {
          path,
          message: scriptTooLong,
        },
      ];
    }),
  );
}

/** Of a failover or failback: an operation that waits keeps its plan from everything else, and its history from growing without end. */
export function questionRule(of: 'failover' | 'failback'): Rule {
  const block = z.object({ questions: z.record(z.string(), z.unknown()) });
  return rule(z.object({ [of]: block }), ({ [of]: written }) =>
    Object.entries(written?.questions ?? {}).map(([key, question]) => {
      const read = z.object({ within: z.number() }).safeParse(question);
      const { from, to } = answerSeconds;
      return (
        read.success &&
        (read.data.within < from || read.data.within > to) && {
          path: [of, 'questions', key, 'within'],
          message: `is no time to wait for an answer. Write "${formatDuration(from)}" to "${formatDuration(to)}".`,
        }
      );
    }),
  );
}

const named = z.record(z.string(), z.unknown()).default({});
const isOptional = (server: unknown) => z.object({ optional: z.literal(true) }).safeParse(server).success;

/** What may be left out serves nobody, and something is always left. */
export const optionalRule = rule(
  z.object({ servers: named, groups: named, traffic: z.array(z.unknown()).default([]) }),
  ({ servers, groups, traffic }) => {
    const of = (block: string, entries: Record<string, unknown>) =>
      Object.entries(entries).map(([key, server]) => ({ path: [block, key, 'optional'], server }));
    const all = [...of('servers', servers), ...of('groups', groups)];
    const [first] = all;
    return [
      first !== undefined &&
        all.every(({ server }) => isOptional(server)) && {
          path: first.path,
          message: 'would let an operation leave out every server. Take it from one at least.',
        },
      ...traffic.map((record, index) => {
        const read = z.object({ server: z.string() }).safeParse(record);
        return (
          read.success &&
          isOptional(servers[read.data.server]) && {
            path: ['traffic', index, 'server'],
            message: 'is optional, and nobody would be served where it is left out. Name a server that is not.',
          }
        );
      }),
    ];
  },
);

/** What a launch falls back to has to be of the plan, and other than what it stands for. */
export const fallbackRule = rule(
  z.object({
    recovery: z.object({
      subnets: z.record(z.string(), z.string()),
      fallback: z.object({ subnets: lists, instanceTypes: lists }),
    }),
  }),
  ({ recovery: { subnets, fallback } }) => [
    ...Object.keys(fallback.subnets).map(
      (subnet) =>
        !Object.values(subnets).includes(subnet) && {
          path: ['recovery', 'fallback', 'subnets', subnet],
          message: 'is no subnet to which recovery.subnets leads. Name one of those, and what stands in for it.',
        },
    ),
    ...(['subnets', 'instanceTypes'] as const).flatMap((of) =>
      Object.entries(fallback[of]).map(
        ([one, others]) =>
          new Set([one, ...others]).size <= others.length && {
            path: ['recovery', 'fallback', of, one],
            message: 'names something twice, or itself. Name others, each once.',
          },
      ),
    ),
  ],
);

interface Network {
  readonly subnets: Readonly<Record<string, unknown>>;
  readonly securityGroups: Readonly<Record<string, unknown>>;
}

/** A drill's network maps whatever `recovery` maps, and leads nowhere where production is. @param path of the network in the plan */
function apartFrom(
  real: Readonly<Record<keyof Network, readonly unknown[]>>,
  { path, drill, recovery, message }: { path: readonly string[]; drill: Network; recovery: Network; message: string },
) {
  return (['subnets', 'securityGroups'] as const).flatMap((of) => [
    ...Object.entries(drill[of]).map(
      ([home, apart]) => real[of].includes(apart) && { path: [...path, of, home], message },
    ),
    ...Object.keys(recovery[of]).map(
      (home) =>
        !Object.hasOwn(drill[of], home) && {
          path: [...path, of],
          message: `says nothing of ${home}, which recovery.${of} maps. Map it here too.`,
        },
    ),
  ]);
}

/** Nothing of a drill may come near production: its network is another one, and every server has a place there. */
export const drillRule = rule(
  z.object({
    recovery: z.object({ subnets: ids, securityGroups: ids, fallback: z.object({ subnets: lists }).optional() }),
    drill: z.object({ every: z.number().optional(), subnets: ids, securityGroups: ids }),
  }),
  ({ recovery, drill }) => {
    const real = { subnets: recoverySubnets(recovery), securityGroups: Object.values(recovery.securityGroups) };
    const { every } = drill;
    const message =
      'is where servers are recovered to. Name one of a network apart, from which nothing leads to production.';
    return [
      ...apartFrom(real, { path: ['drill'], drill, recovery, message }),
      every !== undefined &&
        (every % 60 !== 0 || every < drillSeconds.from || every > drillSeconds.to) && {
          path: ['drill', 'every'],
          message: `is no time between drills. Write "${formatDuration(drillSeconds.from)}" to "${formatDuration(drillSeconds.to)}", in whole minutes.`,
        },
    ];
  },
);

/** Likewise at home, where every server stands already. */
export const homeDrillRule = rule(
  z.object({
    recovery: z.object({ subnets: ids, securityGroups: ids }),
    failback: z.object({ drill: z.object({ subnets: ids, securityGroups: ids }) }),
  }),
  ({ recovery, failback: { drill } }) => {
    const real = { subnets: Object.keys(recovery.subnets), securityGroups: Object.keys(recovery.securityGroups) };
    const message =
      'is where servers stand at home. Name one of a network apart, from which nothing leads to production.';
    return apartFrom(real, { path: ['failback', 'drill'], drill, recovery, message });
  },
);

/** From where servers stand at home to where they may come home: the next failover has to know where all of these lead. */
export const newServersRule = rule(
  z.object({
    recovery: z.object({ subnets: ids, securityGroups: ids }),
    failback: z.object({ newServers: z.object({ subnets: ids, securityGroups: ids }) }),
  }),
  ({ recovery, failback: { newServers } }) =>
    (['subnets', 'securityGroups'] as const).flatMap((of) =>
      Object.entries(newServers[of]).flatMap(([from, to]) => {
        const path = ['failback', 'newServers', of, from];
        const isMapped = (id: string) => Object.hasOwn(recovery[of], id);
        if (!isMapped(from))
          return [
            {
              path,
              message: `would take the place of ${from}, where no server stands: recovery.${of} does not map it. Name one that it maps.`,
            },
          ];
        return [
          !isMapped(to) && {
            path,
            message: `is mapped by recovery.${of} to nothing, so the next failover would not know where to go. Map it there too.`,
          },
        ];
      }),
    ),
);

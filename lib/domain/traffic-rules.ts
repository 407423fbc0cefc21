import * as z from 'zod';
import { controlRules } from './control-rules.ts';
import { isValueOf, type RecordType, recordTypes, withDot } from './record-set.ts';
import { type Broken, type Rule, rule } from './rule.ts';

/** What a record leads to, each in its own way. */
const ways = ['server', 'values', 'alias', 'weighted', 'failover', 'routingControls'] as const;
type Way = (typeof ways)[number];

const sites = ['primary', 'recovery'] as const;
const ofSites = <Of extends z.ZodType>(of: Of) => z.object({ primary: of, recovery: of });
const values = ofSites(z.array(z.string()));
const sets = ofSites(z.string());

const written = z.object({ traffic: z.array(z.record(z.string(), z.unknown())) });
type Written = Readonly<Record<string, unknown>>;

/** A rule of each record by itself. @param brokenBy path below the record, and message */
function recordRule(
  brokenBy: (record: Written) => readonly (readonly [path: (string | number)[], message: string] | false)[],
): Rule {
  return rule(written, ({ traffic }) =>
    traffic.flatMap((record, index) =>
      brokenBy(record)
        .filter((broken) => broken !== false)
        .map(([path, message]): Broken => ({ path: ['traffic', index, ...path], message })),
    ),
  );
}

function wayOf(record: Written): Way | undefined {
  const chosen = ways.filter((way) => record[way] !== undefined);
  return chosen.length === 1 ? chosen[0] : undefined;
}

function typeOf({ type }: Written): RecordType | undefined {
  return recordTypes.find((known) => known === type);
}

/** What every record has. */
const likeThis = {
  zone: 'Write it like "Z0123456789ABCDEFGHIJ".',
  name: 'Write it like "shop.example.com".',
  type: `Write one of: ${recordTypes.join(', ')}.`,
};

/** Records lead to routing controls by their health checks, and are none of the plan's. */
function strangeToControls(written: Written): [path: string[], message: string][] {
  const known = ['routingControls', 'endpoints'];
  const strange = Object.keys(written).filter((field) => written[field] !== undefined && !known.includes(field));
  return [
    ...strange.map((field): [string[], string] => [
      [field],
      'is of a record, and routing controls are none. Take it out.',
    ]),
    ...(written['endpoints'] === undefined
      ? [[['endpoints'], 'is not there. Write the endpoints of the cluster, each by its Region.'] as [string[], string]]
      : []),
  ];
}

/** Which fields of a record go together. */
const fieldsRule = recordRule((record) => {
  const way = wayOf(record);
  const type = typeOf(record);
  if (way === undefined) return [[[], `leads nowhere, or in several ways. Write one of: ${ways.join(', ')}.`]];
  if (way === 'routingControls') return strangeToControls(record);
  const isPair = way === 'weighted' || way === 'failover';
  const keepsTtl = way === 'alias' || isPair || record['set'] !== undefined;
  return [
    ...Object.entries(likeThis).map(
      ([field, like]) => record[field] === undefined && ([[field], `is not there. ${like}`] as [string[], string]),
    ),
    record['endpoints'] !== undefined && [['endpoints'], 'are of routing controls, and there are none. Take them out.'],
    way === 'server' && record['address'] === undefined && [['address'], 'is not there. Write public or private.'],
    way !== 'server' &&
      record['address'] !== undefined && [['address'], 'is of a server, and the record names none. Take it out.'],
    keepsTtl &&
      record['ttl'] !== undefined && [['ttl'], 'is not of an alias or a set, which keeps its own. Take it out.'],
    !keepsTtl && record['ttl'] === undefined && [['ttl'], 'is not there. Write it like "60 seconds".'],
    isPair && record['set'] !== undefined && [['set'], `is one record, and ${way} names two. Take one of them out.`],
    way === 'server' && type !== undefined && type !== 'A' && [['type'], 'cannot lead to a server. Write A.'],
    way === 'alias' && type === 'CNAME' && [['type'], 'cannot be an alias. Write A or AAAA.'],
  ];
});

/** The values of a record are of its type, and a pair is of two records. */
const valuesRule = recordRule((record) => {
  const type = typeOf(record);
  const fixed = values.safeParse(record['values']);
  const way = record['weighted'] === undefined ? 'failover' : 'weighted';
  const pair = sets.safeParse(record[way]);
  const unfit =
    type === undefined || !fixed.success
      ? []
      : sites.flatMap((site) => [
          ...fixed.data[site].flatMap((value, index): [(string | number)[], string][] =>
            isValueOf(type, value)
              ? []
              : [[['values', site, index], `is no value of a record of type ${type}. Write one, or another type.`]],
          ),
          ...(type === 'CNAME' && fixed.data[site].length > 1
            ? ([[['values', site], 'are several, and a CNAME has one. Write one.']] as [string[], string][])
            : []),
        ]);
  return [
    ...unfit,
    pair.success &&
      pair.data.primary === pair.data.recovery && [
        [way, 'recovery'],
        'is the record of the primary Region too. Name the set identifiers of two records.',
      ],
  ];
});

const serverRule = rule(
  z.object({ servers: z.record(z.string(), z.unknown()), traffic: z.array(z.unknown()) }),
  ({ servers, traffic }) =>
    traffic.map((record, index) => {
      const named = z.object({ server: z.string() }).safeParse(record);
      if (!named.success || Object.hasOwn(servers, named.data.server)) return false;
      return {
        path: ['traffic', index, 'server'],
        message: `is not a server of this plan. Servers: ${Object.keys(servers).join(', ')}.`,
      };
    }),
);

const onceRule = rule(z.object({ traffic: z.array(z.unknown()) }), ({ traffic }) => {
  const seen = new Set<string>();
  return traffic.map((record, index) => {
    const read = z
      .object({
        zone: z.string(),
        name: z.string(),
        type: z.string(),
        set: z.string().optional(),
        weighted: sets.optional(),
        failover: sets.optional(),
      })
      .safeParse(record);
    if (!read.success) return false;
    const { zone, name, type, set, weighted, failover } = read.data;
    const pair = weighted ?? failover;
    const keys = (pair === undefined ? [set] : [pair.primary, pair.recovery]).map((one) =>
      JSON.stringify([zone, withDot(name), type, one]),
    );
    const isTwice = keys.some((key) => seen.has(key));
    for (const key of keys) seen.add(key);
    return isTwice && { path: ['traffic', index, 'name'], message: 'is written twice. Name each record once.' };
  });
});

/** What the records and routing controls of a plan have to be. */
export const trafficRules: readonly Rule[] = [fieldsRule, valuesRule, serverRule, onceRule, ...controlRules];

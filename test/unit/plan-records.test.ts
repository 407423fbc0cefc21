import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Plan } from '../../lib/domain/plan.ts';
import { formatProblem } from '../../lib/plan-file/document.ts';
import { readPlanFile } from '../../lib/plan-file/read.ts';

const shop = readFileSync(new URL('../../examples/shop.yaml', import.meta.url), 'utf8');
const [first = ''] = shop.split('\n').filter((line) => line.includes('name: shop.example.com'));

/** The example with other records in place of the one of its web server. */
const readWith = (...records: string[]) =>
  readPlanFile(
    'homeward.yaml',
    shop.replace(first, records.map((record) => `      - { zone: Z1, ${record} }`).join('\n')),
  );

function trafficOf(...records: string[]): Plan['traffic'] | undefined {
  const reading = readWith(...records);
  return reading.kind === 'read' ? reading.value[0]?.traffic.slice(0, records.length) : undefined;
}

function problemsOf(...records: string[]): string[] {
  const reading = readWith(...records);
  return reading.kind === 'read'
    ? []
    : reading.problems.map((problem) => formatProblem(problem).replace(/^homeward.yaml:\d+: plans.shop.traffic./, ''));
}

const elb = (of: string) => `alias: { primary: { zone: ZP, name: p.${of} }, recovery: { zone: ZR, name: r.${of} } }`;

it('leads to a server, to values, to aliases, or exchanges weights; a set keeps its TTL', () => {
  expect(
    trafficOf(
      'name: a.example.com, type: A, set: eu, server: web, address: public',
      'name: b.example.com, type: AAAA, ttl: 1 minute, values: { primary: ["2001:db8::1"], recovery: ["2001:db8::2"] }',
      `name: c.example.com, type: A, ${elb('elb.example.net')}`,
      'name: d.example.com, type: A, weighted: { primary: home, recovery: away }',
      'name: e.example.com, type: A, failover: { primary: home, recovery: away }',
    ),
  ).toEqual([
    { zone: 'Z1', name: 'a.example.com', type: 'A', set: 'eu', server: 'web', address: 'public' },
    {
      ...{ zone: 'Z1', name: 'b.example.com', type: 'AAAA', ttlSeconds: 60 },
      values: { primary: ['2001:db8::1'], recovery: ['2001:db8::2'] },
    },
    {
      ...{ zone: 'Z1', name: 'c.example.com', type: 'A' },
      alias: {
        primary: { zone: 'ZP', name: 'p.elb.example.net' },
        recovery: { zone: 'ZR', name: 'r.elb.example.net' },
      },
    },
    { zone: 'Z1', name: 'd.example.com', type: 'A', weighted: { primary: 'home', recovery: 'away' } },
    { zone: 'Z1', name: 'e.example.com', type: 'A', failover: { primary: 'home', recovery: 'away' } },
  ]);
});

const panel = '0123456789abcdef0123456789abcdef';
const control = (id: string, of = panel) =>
  `arn:aws:route53-recovery-control::123456789012:controlpanel/${of}/routingcontrol/${id}`;
const clusterRegions = ['ap-northeast-1', 'ap-southeast-2', 'eu-west-1', 'us-east-1', 'us-west-2'];
const endpointIn = (region: string, of = '0123abcd') =>
  `https://${of}.route53-recovery-cluster.${region}.amazonaws.com/v1`;
const cluster = (of?: string, regions = clusterRegions) =>
  `endpoints: { ${regions.map((region) => `${region}: "${endpointIn(region, of)}"`).join(', ')} }`;

/** The example with routing controls beside its own record. */
const readControls = (...entries: string[]) =>
  readPlanFile(
    'homeward.yaml',
    shop.replace(first, [first, ...entries.map((entry) => `      - { ${entry} }`)].join('\n')),
  );

it('turns one routing control or two, whose cluster it knows by its endpoints', () => {
  const reading = readControls(
    `routingControls: { primary: "${control('01')}", recovery: "${control('02')}" }, ${cluster()}`,
    `routingControls: { recovery: "${control('03')}" }, ${cluster()}`,
  );
  const endpoints = Object.fromEntries(clusterRegions.map((region) => [region, endpointIn(region)]));
  expect(reading.kind === 'read' && reading.value[0]?.traffic.slice(1, 3)).toEqual([
    { routingControls: { primary: control('01'), recovery: control('02') }, endpoints },
    { routingControls: { recovery: control('03') }, endpoints },
  ]);
});

const pairOf = (one: string, other: string) => `routingControls: { primary: "${one}", recovery: "${other}" }`;
const batch = Array.from(
  { length: 11 },
  (_, number) => `routingControls: { primary: "${control(`a${number}`)}" }, ${cluster()}`,
);

it.each<[why: string, entries: string[], ...problems: (string | RegExp)[]]>([
  [
    'is no ARN',
    [`routingControls: { primary: home }, ${cluster()}`],
    /^1.routingControls.primary: "home" is not the ARN of/,
  ],
  [
    'is none',
    [`routingControls: {}, ${cluster()}`],
    '1.routingControls: is not enough. Name the control of one site at least.',
  ],
  [
    'has no endpoints',
    [`routingControls: { primary: "${control('01')}" }`],
    '1.endpoints: is missing. Write the endpoints of the cluster, each by its Region.',
  ],
  [
    'has too few',
    [`routingControls: { primary: "${control('01')}" }, ${cluster('aa', ['us-east-1', 'us-west-2'])}`],
    '1.endpoints: are 2, and a cluster has 5. Write all that DescribeCluster lists.',
  ],
  [
    'has one of another Region',
    [
      `routingControls: { primary: "${control('01')}" }, ${cluster().replace(`"${endpointIn('us-east-1')}"`, `"${endpointIn('us-east-2')}"`)}`,
    ],
    /^1.endpoints.us-east-1: "https:.*us-east-2.*" is in another Region. Write the endpoint of us-east-1.$/,
  ],
  [
    'has one that is none',
    [
      `routingControls: { primary: "${control('01')}" }, ${cluster().replace(`"${endpointIn('us-east-1')}"`, '"https://us-east-1.example.com"')}`,
    ],
    /^1.endpoints.us-east-1: .* is not an endpoint of a cluster/,
  ],
  [
    'is a record too',
    [`routingControls: { primary: "${control('01')}" }, ${cluster()}, name: a.example.com, type: A`],
    '1.name: "a.example.com" is of a record, and routing controls are none. Take it out.',
    '1.type: "A" is of a record, and routing controls are none. Take it out.',
  ],
  [
    'is of two panels',
    [`${pairOf(control('01'), control('02', 'b0'))}, ${cluster()}`],
    /^1.routingControls.recovery: .* is of another control panel/,
  ],
  [
    'is written twice',
    [`${pairOf(control('01'), control('01'))}, ${cluster()}`],
    /^1.routingControls.recovery: .* is written twice. Name each routing control once.$/,
  ],
  [
    'is of two clusters',
    [1, 2].map((number) => `routingControls: { primary: "${control(`0${number}`)}" }, ${cluster(`a${number}`)}`),
    '2.endpoints: are other ones than those of the same control panel above. Write those of its cluster.',
  ],
  [
    'is one of more than a batch',
    batch,
    /^11.routingControls.primary: .* is one too many: a batch changes 10 of a control panel/,
  ],
])('says what would be right of a routing control that %s', (_why, entries, ...problems) => {
  const reading = readControls(...entries);
  const told = reading.kind === 'read' ? [] : reading.problems.map((problem) => formatProblem(problem));
  const short = told.map((line) => line.replace(/^homeward.yaml:\d+: plans.shop.traffic./, ''));
  const meant = problems.map((problem): unknown =>
    typeof problem === 'string' ? problem : expect.stringMatching(problem),
  );
  expect(short).toEqual(meant);
});

it('says that a record has no endpoints, and what every record has', () => {
  expect(problemsOf(`name: a.example.com, type: A, ${elb('x.net')}, ${cluster()}`)).toEqual([
    '0.endpoints: are of routing controls, and there are none. Take them out.',
  ]);
  expect(problemsOf(elb('x.net'))).toEqual([
    '0.name: is missing. Write it like "shop.example.com".',
    '0.type: is missing. Write one of: A, AAAA, CNAME.',
  ]);
});

const values = (primary: string, recovery: string) => `values: { primary: [${primary}], recovery: [${recovery}] }`;

it.each<[why: string, records: string[], ...problems: string[]]>([
  [
    'nowhere',
    ['name: a.example.com, type: A, ttl: 1 minute'],
    '0: leads nowhere, or in several ways. Write one of: server, values, alias, weighted, failover, routingControls.',
  ],
  [
    'two ways',
    [
      'name: a.example.com, type: A, ttl: 1 minute, server: web, address: public, weighted: { primary: a, recovery: b }',
    ],
    expect.stringContaining('leads nowhere, or in several ways.') as unknown as string,
  ],
  [
    'to a server without an address',
    ['name: a.example.com, type: A, ttl: 1 minute, server: web'],
    '0.address: is missing. Write public or private.',
  ],
  [
    'to values by an address',
    [`name: a.example.com, type: A, ttl: 1 minute, address: public, ${values('192.0.2.1', '192.0.2.2')}`],
    '0.address: "public" is of a server, and the record names none. Take it out.',
  ],
  [
    'to a server by a CNAME',
    ['name: a.example.com, type: CNAME, ttl: 1 minute, server: web, address: public'],
    '0.type: "CNAME" cannot lead to a server. Write A.',
  ],
  [
    'to an alias by a CNAME',
    [`name: a.example.com, type: CNAME, ${elb('x.net')}`],
    '0.type: "CNAME" cannot be an alias. Write A or AAAA.',
  ],
  [
    'to values without a TTL',
    [`name: a.example.com, type: A, ${values('192.0.2.1', '192.0.2.2')}`],
    '0.ttl: is missing. Write it like "60 seconds".',
  ],
  [
    'to an alias with one',
    [`name: a.example.com, type: A, ttl: 1 minute, ${elb('x.net')}`],
    '0.ttl: "1 minute" is not of an alias or a set, which keeps its own. Take it out.',
  ],
  [
    'to values that are none',
    [`name: a.example.com, type: A, ttl: 1 minute, ${values('192.0.2.1', '"2001:db8::2"')}`],
    '0.values.recovery.0: "2001:db8::2" is no value of a record of type A. Write one, or another type.',
  ],
  [
    'to several names at once',
    [`name: a.example.com, type: CNAME, ttl: 1 minute, ${values('a.b, c.d', 'a.b')}`],
    '0.values.primary: are several, and a CNAME has one. Write one.',
  ],
  [
    'to both sites by one of a set',
    ['name: a.example.com, type: A, weighted: { primary: a, recovery: a }'],
    '0.weighted.recovery: "a" is the record of the primary Region too. Name the set identifiers of two records.',
  ],
  [
    'to a pair of one',
    ['name: a.example.com, type: A, set: a, weighted: { primary: a, recovery: b }'],
    '0.set: "a" is one record, and weighted names two. Take one of them out.',
  ],
  [
    'where another one does',
    [
      'name: a.example.com, type: A, set: b, server: web, address: public',
      'name: A.example.com., type: A, weighted: { primary: a, recovery: b }'.replace('A.', 'a.'),
    ],
    '1.name: "a.example.com." is written twice. Name each record once.',
  ],
])('says what would be right of a record that leads %s', (_why, records, ...problems) => {
  expect(problemsOf(...records)).toEqual(problems);
});

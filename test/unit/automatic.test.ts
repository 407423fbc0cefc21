import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { judgeSignal } from '../../lib/domain/automatic.ts';
import { formatProblem } from '../../lib/plan-file/document.ts';
import { readPlanFile } from '../../lib/plan-file/read.ts';

const shop = readFileSync(new URL('../../examples/shop.yaml', import.meta.url), 'utf8');

/** Messages of the example with `from` replaced. */
function problemsOf([from, to]: [from: string, to: string]): string[] {
  const reading = readPlanFile('homeward.yaml', shop.replace(from, to));
  return reading.kind === 'read' ? [] : reading.problems.map(formatProblem);
}

describe('signals of automatic failover', () => {
  const heartbeat = '        heartbeat: { namespace: Shop, metric: Heartbeat, dimensions: { Site: primary } }\n';
  const page = 'page: { address: shop.example.com, https: {} }';
  const written = (...lines: string[]): [string, string] => [
    heartbeat,
    lines.map((line) => `        ${line}\n`).join(''),
  ];
  const probes = (...each: string[]) => `probes: { ${each.join(', ')} }`;
  const port = (address: string) => `port: { address: ${address}, tcp: 22 }`;
  const beat = heartbeat.trim();
  const place = 'plans.shop.failover.automatic';

  it('are a heartbeat, probes or both, with the right defaults', () => {
    const [from, to] = written(beat, probes(page), 'atLeast: 2', 'coolDown: 1 hour');
    expect(readPlanFile('homeward.yaml', shop.replace(from, to))).toMatchObject({
      value: [
        {
          failover: {
            automatic: {
              probes: { page: { address: 'shop.example.com', https: { port: 443, path: '/', status: 200 } } },
              atLeast: 2,
              coolDownSeconds: 3_600,
            },
          },
        },
      ],
    });
    expect(problemsOf(written(probes(page)))).toEqual([]);
    expect(problemsOf(written(probes(port('8.8.8.8')), 'coolDown: 10 minutes'))).toEqual([]);
  });

  it('may be missing for as long as an alarm can look back, and no minute longer', () => {
    expect(problemsOf(['missingFor: 3 minutes', 'missingFor: 1 day'])).toEqual([]);
    expect(problemsOf(['missingFor: 3 minutes', 'missingFor: 1441 minutes'])).toEqual([
      `homeward.yaml:38: ${place}.missingFor: "1441 minutes" is not in whole minutes up to a day, as alarms are. Write it like "3 minutes".`,
    ]);
  });

  it.each([
    ['none at all', [], '.heartbeat: is missing. Write a heartbeat, or at least one probe.'],
    ['an empty list', [beat, 'probes: {}'], '.probes: is not enough. Name at least one probe.'],
    [
      'several, without how many of them',
      [beat, probes(page, port('8.8.8.8'))],
      '.atLeast: is missing. Write how many of the 3 signals must say that the primary is out: 1 to 3.',
    ],
    ['more than there are', [beat, 'atLeast: 2'], '.atLeast: 2 is more than this plan has signals. Write at most 1.'],
    [
      'no question',
      [probes('page: { address: shop.example.com }')],
      '.probes.page.tcp: is missing. Write a port for tcp, or what http or https has to answer.',
    ],
    [
      'a private address',
      [probes(port('172.31.0.9'))],
      '.probes.port.address: "172.31.0.9" is a private address, which is out of reach from outside. Write a public one.',
    ],
    [
      'no address',
      [probes(port('8.8.8.256'))],
      '.probes.port.address: "8.8.8.256" is not a DNS name or an IPv4 address. Write it like "shop.example.com".',
    ],
    [
      'a certificate for an address',
      [probes('page: { address: 8.8.8.8, https: {} }')],
      '.probes.page.address: "8.8.8.8" is no name that a certificate is for. Write the DNS name for https.',
    ],
    [
      'a short cool-down',
      [beat, 'coolDown: 9 minutes'],
      '.coolDown: "9 minutes" is shorter than servers that were stopped may need to be heard of again. Write at least "10 minutes".',
    ],
    [
      'too many',
      [
        probes(...Array.from({ length: 31 }, (_, index) => `p${index}: { address: shop.example.com, tcp: 22 }`)),
        'atLeast: 2',
      ],
      '.probes: are more than one rule of alarms takes. Write at most 30 signals.',
    ],
  ])('%s: says what would be right', (_, lines, problem) => {
    expect(problemsOf(written(...lines)).map((line) => line.replace(/^homeward\.yaml:\d+: /, ''))).toEqual([
      `${place}${problem}`,
    ]);
  });

  it('count as out only where they were well in the last day, and a probe only where it was asked', () => {
    const judged = (kind: 'heartbeat' | 'probe', now?: number, best?: number) => judgeSignal(kind, { now, best });
    expect([
      judged('probe', 1, 1),
      judged('probe', 0, 1),
      judged('probe', 0, 0),
      judged('probe', undefined, 1),
    ]).toEqual(['well', 'out', 'unproven', 'unknown']);
    expect([judged('heartbeat', 2, 5), judged('heartbeat', undefined, 5), judged('heartbeat')]).toEqual([
      'well',
      'out',
      'unproven',
    ]);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, parse } from 'node:path';
import { describe, expect, it } from 'vitest';
import { functionTypes } from '../../sim/cloudformation/resources/functions.ts';
import { machineTypes } from '../../sim/cloudformation/resources/machines.ts';
import { stateTypes } from '../../sim/cloudformation/resources/state.ts';
import { SimulatedCloud } from '../../sim/create-cloud.ts';
import { ManualCloud } from './manual-cloud.ts';

const docs = join(import.meta.dirname, '../../docs');
const pageNames = ['simulator.md', ...readdirSync(join(docs, 'simulator')).map((name) => `simulator/${name}`)];
const pages = pageNames.map((name) => readFileSync(join(docs, name), 'utf8'));

/** A row of a table below the heading of a service. */
interface Row {
  /** Folder that the heading names: `ec2` of `## EC2 (sim/ec2/)`. */
  readonly service: string;
  /** Operations and resource types in its first column; what a service does beside them has no backticks there. */
  readonly names: readonly string[];
  readonly cells: readonly string[];
}

/** A heading that names a folder begins a service, which ends with the next heading of its level that names none, or another. */
function rowsOf(page: string): Row[] {
  const rows: Row[] = [];
  let within: { service: string; level: number } | undefined;
  for (const line of page.split('\n')) {
    const level = /^#+(?= )/.exec(line)?.[0].length;
    const service = level === undefined ? undefined : /`sim\/(\w+)\/`/.exec(line)?.[1];
    if (level !== undefined && service !== undefined) within = { service, level };
    else if (level !== undefined && level <= (within?.level ?? 0)) within = undefined;
    if (within === undefined || !line.startsWith('| ')) continue;
    const cells = line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim());
    const names = [...(cells[0] ?? '').matchAll(/`([A-Z][A-Za-z0-9]*(?:::\w+)*)`/g)].map(([, name = '']) => name);
    rows.push({ service: within.service, names, cells });
  }
  return rows;
}

/** What is wrong between the rows and the operations, or resource types, of each service. */
function gaps(rows: readonly Row[], modelled: Readonly<Record<string, readonly string[]>>): string[] {
  const documented = rows.flatMap(({ service, names }) => names.map((name) => `${service} ${name}`));
  const real = Object.entries(modelled).flatMap(([service, names]) => names.map((name) => `${service} ${name}`));
  return [
    ...real.filter((name) => !documented.includes(name)).map((name) => `no row: ${name}`),
    ...documented.filter((name) => !real.includes(name)).map((name) => `not modelled: ${name}`),
    ...documented.filter((name, place) => documented.indexOf(name) !== place).map((name) => `two rows: ${name}`),
  ];
}

/** Operations by service, as the cloud itself has them. DynamoDB answers for itself: dynalite has a file for each. */
function operationsOfCloud(): Record<string, readonly string[]> {
  const { clock } = new ManualCloud();
  const cloud = new SimulatedCloud({ regions: ['us-west-2'], clock, seed: 1 });
  const services = Object.entries(cloud.services('us-west-2'));
  return Object.fromEntries(
    services.map(([name, service]: [string, object]) => [
      name,
      'operations' in service ? Object.keys(service.operations as object) : operationsOfDynalite(),
    ]),
  );
}

function operationsOfDynalite(): string[] {
  const folder = dirname(createRequire(import.meta.url).resolve('dynalite'));
  const names = readdirSync(join(folder, 'actions')).map((file) => parse(file).name);
  return names.map((name) => name.charAt(0).toUpperCase() + name.slice(1));
}

const isResourceType = (name: string) => name.includes('::');
const withNames = (keep: (name: string) => boolean) =>
  pages.flatMap(rowsOf).map((row) => ({ ...row, names: row.names.filter(keep) }));

describe('docs/simulator', () => {
  it('has one row for every modelled operation, below its own service, and no row of any other', () => {
    const operations = operationsOfCloud();
    expect(Object.values(operations).flat().length).toBeGreaterThan(80);
    expect(
      gaps(
        withNames((name) => !isResourceType(name)),
        operations,
      ),
    ).toEqual([]);
  });

  it('has one row for every resource type of templates, and no row of any other', () => {
    const cloudformation = Object.keys({ ...functionTypes, ...machineTypes, ...stateTypes });
    expect(gaps(withNames(isResourceType), { cloudformation })).toEqual([]);
  });

  it('says of each what is modelled, and gives a source', () => {
    const rows = pages.flatMap(rowsOf).filter(({ names }) => names.length > 0);
    const poor = rows.filter(({ cells: [, modelled, , source], cells }) => cells.length !== 4 || !modelled || !source);
    expect(poor.map(({ cells }) => cells[0])).toEqual([]);
  });

  it('is linked page by page from docs/simulator.md', () => {
    const [overview = ''] = pages;
    expect(pageNames.slice(1).filter((name) => !overview.includes(`](${name}`))).toEqual([]);
  });
});

describe('the comparison of pages with operations', () => {
  const page = (...lines: string[]) => rowsOf(lines.join('\n'));
  const modelled = { sns: ['Publish'], ssm: ['SendCommand'] };
  const sns = ['## SNS (`sim/sns/`)', '| Operation | Modelled |', '| --- | --- |', '| `Publish` | yes |'];
  const ssm = ['## SSM (`sim/ssm/`)', '| `SendCommand` | yes |'];

  it('is content with a row for each', () => {
    expect(gaps(page(...sns, ...ssm), modelled)).toEqual([]);
    expect(gaps(page(...sns, '### More', '', ...ssm, '| Time | in `Seconds` |'), modelled)).toEqual([]);
  });

  it('misses an operation without a row', () => {
    expect(gaps(page(...sns), modelled)).toEqual(['no row: ssm SendCommand']);
  });

  it('finds a row of something that is not modelled, and a second row', () => {
    const more = ['| `PublishBatch` | yes |', '| `Publish` | yes |'];
    expect(gaps(page(...sns, ...more, ...ssm), modelled)).toEqual([
      'not modelled: sns PublishBatch',
      'two rows: sns Publish',
    ]);
  });

  it('does not take the row of one service for that of another', () => {
    const twins = { sns: ['TagResource'], ssm: ['TagResource'] };
    const rows = page('## SNS (`sim/sns/`)', '| `TagResource` | yes |', '## SSM (`sim/ssm/`)');
    expect(gaps(rows, twins)).toEqual(['no row: ssm TagResource']);
  });

  it('counts nothing below a heading that names no service', () => {
    const rows = page(...sns, '## Faults', '| `SendCommand` | no |', ...ssm, '### Times', '| `Publish` | no |');
    expect(gaps(rows, modelled)).toEqual(['not modelled: ssm Publish']);
  });
});

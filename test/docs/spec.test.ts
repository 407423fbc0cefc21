import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { PlanState } from '../../lib/domain/catalogue.ts';
import { newState } from '../../lib/domain/new-items.ts';
import {
  boundsOf,
  factsOf,
  filesOf,
  openLoopsOf,
  progressionsOf,
  readTemplate,
  type State,
  type TemplateFacts,
  type Title,
  titlesOf,
} from './code-facts.ts';
import { sections, tablesOf } from './page.ts';
import {
  happeningRows,
  markdown,
  progressionRows,
  type Row,
  standingRows,
  transitionHead,
  transitionRows,
} from './render.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/spec.md'), 'utf8');

const bySection = sections(page);
const tablesIn = (heading: string): Row[][] => tablesOf(bySection.get(heading) ?? '');
const rowsIn = (heading: string, table = 0): Row[] => tablesIn(heading)[table]?.slice(1) ?? [];
const codesIn = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
const column = (rows: readonly Row[], index: number) => rows.map((row) => row[index] ?? '');
const unquoted = (cell: string) => cell.replaceAll('`', '');

/** Says what should stand there, ready to be put in. */
function expectTable([head = [], ...rows]: Row[] = [], right: readonly Row[]): void {
  expect(rows, `the table should be:\n${markdown(head, right)}\n`).toEqual(right);
}

let template: TemplateFacts;
const bounds = new Map(filesOf('lib/**/*.ts').flatMap((file) => [...boundsOf(file)]));
beforeAll(() => {
  template = readTemplate(inject('shopAssembly'));
});

/** `Failover · Fence`, for the states of all machines that are wanted. */
function statesNamed(wanted: (state: State) => boolean, name = (state: State) => state.name): string[] {
  return [...template.machines].flatMap(([machine, { states }]) =>
    states.filter(wanted).map((state) => `${machine} · ${name(state)}`),
  );
}

describe('docs/spec.md, phases and events', () => {
  it('has a row for each field of the state, and for nothing else', () => {
    expect(column(rowsIn('State of a plan'), 0).map(unquoted)).toEqual([
      ...Object.keys(newState('shop')),
      'homes' satisfies keyof PlanState,
    ]);
  });

  it('shows the table of transitions as it is tested', () => {
    const [standing, happening, transition] = tablesIn('Phases and events');
    expectTable(standing, standingRows());
    expectTable(happening, happeningRows());
    expectTable(transition, transitionRows());
    expect(transition?.[0]).toEqual(transitionHead);
  });
});

describe('docs/spec.md, progressions', () => {
  it('names the tasks of each state machine in order, with the progressions that their steps write', () => {
    for (const [machine, { states }] of template.machines) expectTable(tablesIn(machine)[0], progressionRows(states));
  });

  it('names every progression that the code writes', () => {
    const named = new Set([...template.machines.keys()].flatMap((machine) => rowsIn(machine)).flatMap(progressionCell));
    const written = new Set(filesOf('lib/**/*.ts').flatMap(progressionsOf));
    expect([...named].toSorted()).toEqual([...written].toSorted());
  });
});

function progressionCell([, , cell = '']: Row): string[] {
  return codesIn(cell);
}

/** `test file › beginning of a title`, as the page names a test. */
interface Reference {
  readonly file: string;
  readonly title: string;
}

function referencesIn(text: string): Reference[] {
  return [...text.matchAll(/`(test\/[^`]+\.test\.ts)` › ([^|\n]+)/g)].map(([, file = '', title = '']) => ({
    file,
    title: title.replace(/\)?\.?$/, (end) => (end.startsWith(')') && title.includes('(') ? end : '')).trim(),
  }));
}

const allTitles: readonly Title[] = filesOf('test/**/*.test.ts').flatMap(titlesOf);

/** References that no title begins with. */
function unknown(references: readonly Reference[], titles: readonly Title[]): Reference[] {
  const isKnown = ({ file, title }: Reference) =>
    titles.some((one) => one.file === file && one.path.at(-1)?.startsWith(title) === true);
  return references.filter((reference) => !isKnown(reference));
}

const numbersIn = (title: string) => [...title.matchAll(/\bI(?:1[0-2]|[1-9])\b/g)].map(([number]) => number);

/** Titles with the number of a promise that are not named below it, neither themselves nor a group around them. */
function unnamed(titles: readonly Title[], promises: ReadonlyMap<string, readonly Reference[]>): string[] {
  return titles.flatMap(({ file, path }) =>
    numbersIn(path.at(-1) ?? '')
      .filter(
        (number) =>
          !promises.get(number)?.some((named) => named.file === file && path.some((at) => at.startsWith(named.title))),
      )
      .map((number) => `${number}: ${file} › ${path.at(-1) ?? ''}`),
  );
}

/** The tests named below the heading of each promise. */
function promisesIn(headings: ReadonlyMap<string, string>): Map<string, Reference[]> {
  return new Map(
    [...headings].flatMap(([heading, text]): [string, Reference[]][] => {
      const number = /^I\d+(?= )/.exec(heading)?.[0];
      return number === undefined ? [] : [[number, referencesIn(text)]];
    }),
  );
}

describe('docs/spec.md, promises', () => {
  const promises = promisesIn(bySection);

  it('has a heading for each, in order', () => {
    expect([...promises.keys()]).toEqual(Array.from({ length: 12 }, (_, index) => `I${index + 1}`));
  });

  it('names tests that exist, all over the page', () => {
    expect(unknown(referencesIn(page), allTitles)).toEqual([]);
  });

  it('names every test whose title carries the number of a promise, below that promise', () => {
    expect(unnamed(allTitles, promises)).toEqual([]);
  });

  it('names a test for every promise', () => {
    const untested = [...promises].filter(([, tests]) => tests.length === 0).map(([number]) => number);
    expect(untested).toEqual([]);
  });

  it('says where each is kept, in files that exist', () => {
    for (const [heading, text] of bySection) {
      if (!/^I\d+ /.test(heading) || heading.startsWith('I10 ')) continue;
      const kept = codesIn(/Kept in ([^]*?)\n\n/.exec(text)?.[1] ?? '');
      expect(kept.length, heading).toBeGreaterThan(0);
      expect(kept.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    }
  });
});

describe('docs/spec.md, loops', () => {
  it('has a row for each poll of the state machines, bound by constants that exist', () => {
    const rows = rowsIn('Polls');
    const waits = statesNamed(
      ({ Type }) => Type === 'Wait',
      ({ name }) => name.replace(/: wait$/, ''),
    );
    expect(column(rows, 0).toSorted()).toEqual(waits.toSorted());
    const named = column(rows, 1)
      .flatMap(codesIn)
      .filter((code) => code.includes(': '));
    expect(named.filter((name) => !bounds.has(name))).toEqual([]);
  });

  it('names every time that a step may take, of its own, in a bound', () => {
    const limits = [...bounds.keys()].filter((name) => /^steps\/.*SecondsMax$/.test(name));
    const named = codesIn(column([...rowsIn('Polls'), ...rowsIn('Loops in code')], 1).join() + page);
    expect(limits.filter((name) => !named.includes(name))).toEqual([]);
  });

  it('has a row for each map, with how many of its items run at once', () => {
    const maps = [...template.machines].flatMap(([machine, { states }]) =>
      states
        .filter(({ Type }) => Type === 'Map')
        .map(({ name, MaxConcurrency = 0 }) => [`${machine} · ${name}`, String(MaxConcurrency)]),
    );
    expect(rowsIn('Maps').map((row) => row.slice(0, 2))).toEqual(maps);
  });

  it('has a row for each choice that leads back to an earlier state', () => {
    const named = column(rowsIn('Ways back to an earlier state'), 0);
    const choices = statesNamed(({ name }) => name.endsWith(': another?'));
    expect(named.filter((name) => name.endsWith(': another?'))).toEqual(choices);
  });

  it('names a test for each poll, each way back and each loop in code', () => {
    const rows = ['Polls', 'Ways back to an earlier state', 'Loops in code'].flatMap((heading) => rowsIn(heading));
    expect(rows.filter((row) => referencesIn(row.at(-1) ?? '').length === 0)).toEqual([]);
  });

  it('has the repeats of tasks as the template has them, and their pauses together', () => {
    const policies = new Map<string, Set<string>>();
    for (const { step = '', Retry = [] } of [...template.machines.values()].flatMap(({ states }) => states)) {
      for (const { IntervalSeconds, BackoffRate, MaxAttempts, MaxDelaySeconds } of Retry) {
        expect(BackoffRate).toBe(2);
        const key = [MaxAttempts, `${IntervalSeconds} s, doubled up to ${MaxDelaySeconds} s`].join(' | ');
        policies.set(key, (policies.get(key) ?? new Set()).add(step));
      }
    }
    const rows = rowsIn('Repeats of a task');
    expect(rows.map(([attempts, pauses]) => `${attempts} | ${pauses}`).toSorted()).toEqual(
      [...policies.keys()].toSorted(),
    );
    for (const [attempts = '', pauses = '', together, steps = ''] of rows) {
      expect(together).toBe(`${pausesSeconds(Number(attempts))} s`);
      if (steps === 'all others') continue;
      expect(codesIn(steps).toSorted()).toEqual([...(policies.get(`${attempts} | ${pauses}`) ?? [])].toSorted());
    }
  });

  it('has how long functions may run', () => {
    const [long, rest] = rowsIn('Runs of a function');
    const steps = [...template.timeouts].filter(([, seconds]) => String(seconds) === long?.[0]).map(([step]) => step);
    expect(codesIn(long?.[1] ?? '').toSorted()).toEqual(steps.toSorted());
    expect(new Set(template.timeouts.values())).toEqual(new Set([Number(long?.[0]), Number(rest?.[0])]));
    expect([...template.machines.values()].map(({ timeoutSeconds }) => timeoutSeconds / 86_400)).toEqual([7, 7, 7]);
  });

  it('has how often the SDK calls', () => {
    const clients = readFileSync(join(root, 'lib/aws/clients.ts'), 'utf8');
    const attempts = [...clients.matchAll(/maxAttempts: (\d+)/g)].map(([, count = '']) => count);
    expect(column(rowsIn('Calls of the SDK'), 0).toSorted()).toEqual(attempts.toSorted());
    const times = [...clients.matchAll(/Timeout: ([\d_]+)/g)].map(([, ms = '']) => Number(ms.replace('_', '')) / 1_000);
    for (const seconds of times) expect(bySection.get('Calls of the SDK')).toContain(`${seconds} s`);
  });

  it('has how long events and schedules are delivered', () => {
    const rows = rowsIn('Deliveries').map(([name = '', repeats, age]) => [unquoted(name), repeats, age]);
    const real = [...template.deliveries].map(([name, { attempts, ageSeconds }]) => [
      name,
      String(attempts),
      `${ageSeconds} s`,
    ]);
    expect(rows).toEqual(real);
  });

  it('has a row for each file with loops that end by a condition', () => {
    const loops = filesOf('lib/**/*.ts')
      .map((file) => [file, String(openLoopsOf(file))])
      .filter(([, count]) => count !== '0');
    expect(rowsIn('Loops in code').map(([file = '', count]) => [unquoted(file), count])).toEqual(loops);
  });

  it('has the value of each bound', () => {
    expectTable(
      tablesIn('Bounds')[0],
      [...bounds].map(([name, value]) => [`\`${name}\``, String(value)]),
    );
  });
});

/** All pauses of the repeats of a task, without jitter. */
function pausesSeconds(attempts: number): number {
  return Array.from({ length: attempts }, (_, index) => Math.min(120, 2 ** (index + 1))).reduce((a, b) => a + b, 0);
}

describe('docs/spec.md, bounds that lean on each other', () => {
  const at = (name: string): number => {
    const value = bounds.get(name);
    if (value === undefined) throw new Error(`there is no bound ${name}`);
    return value;
  };
  const limits = () =>
    [...bounds].filter(([name]) =>
      /^steps\/.*(stop|start|swap|snapshot|Snapshot|launch|undo|complete|replicate)SecondsMax$/.test(name),
    );
  const visible = 'steps/operation/create-once: visibleWithinSeconds';
  const holds: Record<string, () => boolean> = {
    'a lease outlasts one attempt of any step and the pause before it': () =>
      at('domain/phase: leaseSeconds') > Math.max(...template.timeouts.values()) + 120,
    'a look that is repeated for long does not end its poll': () =>
      limits().length >= 10 && limits().every(([, seconds]) => seconds > pausesSeconds(8)),
    'traffic is waited for longer than its step is repeated': () =>
      at('steps/traffic/switch: syncSecondsMax') > pausesSeconds(70),
    'what a lost answer created is visible before the repeats end': () => at(visible) < pausesSeconds(8),
    'a health command that was lost can run no more when it is sent again': () =>
      at('steps/waves/commands: runSecondsMax') + at('aws/commands: deliverySeconds') <= at(visible),
    "the guard's pauses fit into its function": () =>
      ['patienceSecondsMax', 'lookEverySeconds', 'refusedWithinSeconds']
        .map((name) => at(`steps/failover/guard: ${name}`))
        .reduce((a, b) => a + b, 0) <=
      (template.timeouts.get('failover/guard') ?? 0) - 75,
    'the guard waits longer than servers need to come back': () =>
      at('steps/failover/guard: patienceSecondsMax') > at('domain/automatic: returnSeconds'),
    'a day of polling fits into the history of an execution': () =>
      (Math.max(...limits().map(([, seconds]) => seconds)) /
        Math.min(at('domain/poll: longestPauseSeconds'), at('steps/protect/replicate: patienceSecondsMax'))) *
        9 <
      25_000,
    'copies are waited for within the time of their function': () =>
      at('steps/protect/replicate: patienceSecondsMax') + at('steps/protect/replicate: crowdedPauseMsMax') / 1_000 <=
      (template.timeouts.get('protect/replicate') ?? 0) - 75,
    'a run of a unit ends within the time of its function': () =>
      at('steps/transfer/move: sendSecondsMax') + 5 * (3 + 10 + at('aws/block-calls: bodyMsMax') / 1_000) + 3 <=
      (template.timeouts.get('transfer/move') ?? 0),
    'a started snapshot is kept for longer than its units are repeated': () =>
      at('aws/blocks: idleMinutes') * 60 > pausesSeconds(8) + 9 * (template.timeouts.get('transfer/move') ?? 0),
  };

  it('names each that is tested, and no other', () => {
    expect(column(rowsIn('Bounds that lean on each other'), 0)).toEqual(Object.keys(holds));
  });

  for (const [what, isHeld] of Object.entries(holds)) it(what, () => expect(isHeld()).toBe(true));
});

describe('docs/spec.md, what is believed of AWS', () => {
  const rows = rowsIn('What is believed of AWS');
  const sectionsIn = (text: string) => [...text.matchAll(/\[([\d.]+)\]/g)].map(([, section = '']) => section);

  it('names every section of the fact sheet on which code leans', () => {
    const leanedOn = new Set(filesOf('lib/**/*.ts').flatMap(factsOf));
    const named = new Set(column(rows, 1).flatMap(sectionsIn));
    expect([...leanedOn].filter((section) => !named.has(section))).toEqual([]);
  });

  it('gives each a source, and says which file models it or why none does', () => {
    const poor = rows.filter(([, source = '', modelled = '']) => {
      const files = codesIn(modelled);
      const isExplained = modelled.startsWith('not modelled: ');
      return (
        source === '' || (!isExplained && files.length === 0) || files.some((file) => !existsSync(join(root, file)))
      );
    });
    expect(poor).toEqual([]);
  });
});

describe('the comparison of the page with tests', () => {
  const titles: Title[] = [
    { file: 'test/a.test.ts', path: ['I3: group'] },
    { file: 'test/a.test.ts', path: ['I3: group', 'I4: a rule'] },
  ];
  const promises = (text: string) => promisesIn(sections(text));
  const both = '### I3 Kept\n- `test/a.test.ts` › I3: group\n### I4 Exact\n- `test/a.test.ts` › I4: a rule\n';

  it('is content when each is named below its promise', () => {
    expect(unnamed(titles, promises(both))).toEqual([]);
    expect(unknown(referencesIn(both), titles)).toEqual([]);
  });

  it('misses a test that is not named, or below another promise', () => {
    expect(unnamed(titles, promises('### I3 Kept\n- `test/a.test.ts` › I3: group\n'))).toEqual([
      'I4: test/a.test.ts › I4: a rule',
    ]);
    expect(unnamed(titles, promises(both.replace('### I4 Exact', '### I5 Back')))).toHaveLength(1);
  });

  it('finds a test that is named and does not exist', () => {
    expect(unknown(referencesIn('- `test/a.test.ts` › I3: grope'), titles)).toHaveLength(1);
    expect(unknown(referencesIn('- `test/b.test.ts` › I3: group'), titles)).toHaveLength(1);
  });

  it('reads tables cell by cell', () => {
    expect(tablesOf('| a | b |\n| --- | --- |\n| c |  |\n\n| d |\n')).toEqual([
      [
        ['a', 'b'],
        ['c', ''],
      ],
      [['d']],
    ]);
  });
});

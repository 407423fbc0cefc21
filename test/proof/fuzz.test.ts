import { readFileSync } from 'node:fs';
import { describe, expect, inject, it } from 'vitest';
import { printable, quoted } from '../../lib/domain/quoted.ts';
import type { StepName } from '../../lib/infra/step-names.ts';
import { formatProblem } from '../../lib/plan-file/document.ts';
import { readPlanFile } from '../../lib/plan-file/read.ts';
import { leaksIn } from '../../proof/fuzz/canary.ts';
import { fuzzEvents } from '../../proof/fuzz/events.ts';
import type { FuzzGround, Invoked } from '../../proof/fuzz/ground.ts';
import { fuzzInputs } from '../../proof/fuzz/inputs.ts';
import { fuzzItems, verdictOf } from '../../proof/fuzz/items.ts';
import { fuzzPlans } from '../../proof/fuzz/plans.ts';
import { findSecrets } from '../../proof/fuzz/secrets.ts';
import { isShowable } from '../../proof/fuzz/showable.ts';
import { tamper } from '../../proof/fuzz/tamper.ts';
import type { RecordedCall } from '../../sim/call-record.ts';

const seed = 20_260_105;
const ground = (): FuzzGround => ({ assembly: inject('shopAssembly') });
/** A ground on which one step is a broken variant. */
const broken = (step: StepName, body: string): FuzzGround => ({
  ...ground(),
  prepare: (stage) => tamper(stage, step, body),
});

describe('I12: bad input is refused by name and changes nothing', () => {
  it('plan and world files', async () => {
    const { inputs, broken: found } = await fuzzPlans({ seed, runs: 500 });
    expect(found).toEqual([]);
    expect(inputs).toBe(500);
  });

  it('console inputs', async () => {
    const { accepted, refused, broken: found } = await fuzzInputs({ seed, runs: 500 }, ground());
    expect(found).toEqual([]);
    expect(accepted).toBeGreaterThan(0);
    expect(refused['InvalidInput']).toBeGreaterThan(0);
  });

  it('alarm and execution events', async () => {
    const { accepted, refused, broken: found } = await fuzzEvents({ seed, runs: 300 }, ground());
    expect(found).toEqual([]);
    expect(accepted).toBeGreaterThan(0);
    expect(refused['InvalidInput']).toBeGreaterThan(0);
  });

  it('items of the table', async () => {
    const { refused, broken: found } = await fuzzItems({ seed, runs: 300 }, { ...ground(), scenesMax: 4 });
    expect(found).toEqual([]);
    expect(refused['CatalogueCorrupt']).toBeGreaterThan(100);
  });

  it('secrets go to the servers and into no line, notice, error or history', async () => {
    expect(await findSecrets({ ...ground(), seed, isOneWay: true })).toMatchObject({ leaks: [], carried: 3 });
  });
});

describe('what it found before', () => {
  const problemsOf = (text: string) => {
    const reading = readPlanFile('homeward.yaml', text);
    return reading.kind === 'read' ? [] : reading.problems.map(formatProblem);
  };
  const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${[...'bcdefghij'].map((name, index) => `${name}: &${name} [${`*${'abcdefghij'[index]}, `.repeat(9)}]`).join('\n')}\n`;

  it.each<[what: string, text: string, problem: string]>([
    ['aliases that multiply', bomb, 'homeward.yaml:1: repeats itself too often. Write out what its aliases stand for.'],
    [
      'lists too deep for the stack',
      '['.repeat(20_000),
      'homeward.yaml:1: is nested too deeply. Write plans as examples/shop.yaml does.',
    ],
    [
      'blocks as names, which took half a minute to read',
      '? '.repeat(200),
      'homeward.yaml:1: has a name that is not a text. Write names as plain words.',
    ],
    [
      'a terminal escape as a name',
      'plans: {"\u001b[31mred": 1}',
      'homeward.yaml:1: plans.\\u001b[31mred: is not a name. Use up to 31 lower-case letters, digits and "-", a letter first.',
    ],
  ])('%s', (_what, text, problem) => expect(problemsOf(text)).toContain(problem));

  const shop = readFileSync('examples/shop.yaml', 'utf8');
  it.each<[what: string, from: string, to: string]>([
    ['a server that is called as what every object has', '      web:', '      constructor:'],
    ['a control character in a path that is probed', 'path: /health', 'path: "/\\e[31m"'],
    ['an invisible letter in the name of a metric', 'namespace: Shop', 'namespace: "Shop\\u200b"'],
  ])('%s', (_what, from, to) => {
    const [problem = ''] = problemsOf(shop.replace(from, to));
    expect(problem).toMatch(/^homeward\.yaml:\d+: plans\.shop\./);
    expect(isShowable(problem)).toBe(true);
  });

  it('shows texts in one line of printable ASCII, and not all of them', () => {
    for (const text of ['a\nb', '\u001b[31m', '\u202eabc', '\u0455hop', '\ud800', '\u007f\u009b', '"\\', '💾'])
      expect(isShowable(quoted(text) + printable(text))).toBe(true);
    expect(quoted('\u0455hop')).toBe(String.raw`"\u0455hop"`);
    expect(quoted('x'.repeat(10_000)).length).toBeLessThan(100);
    expect(printable('x'.repeat(10_000), 500)).toHaveLength(503);
  });
});

describe('each checker catches a broken variant', () => {
  it('a reader that throws, accepts what cannot be shown, or says nothing useful', async () => {
    const read = { world: () => ({ kind: 'wrong' as const, problems: [] }) };
    const variants = [
      () => {
        throw new TypeError('Cannot read properties of undefined');
      },
      () => ({ kind: 'read' as const, value: [{ name: '\u001b[31m' } as never] }),
      (file: string) => ({
        kind: 'wrong' as const,
        problems: [{ file, line: 1, column: 1, field: '', value: '', message: 'Invalid input' }],
      }),
    ];
    for (const plans of variants)
      expect((await fuzzPlans({ seed, runs: 12 }, { ...read, plans })).broken.length).toBeGreaterThan(0);
  });

  it.each<[what: string, step: StepName, body: string]>([
    ['a step that breaks off namelessly', 'failover/open', 'return event.input.plan.length.toFixed()'],
    ['a step that logs what it is given', 'failover/open', 'console.log(JSON.stringify(event)); return real(event)'],
    [
      'a message with what was typed, as it was typed',
      'failback/open',
      'try { return await real(event) } catch (error) { error.message += ` You wrote ${Object.values(event.input ?? {})}.`; throw error }',
    ],
    [
      'a step that opens before it refuses',
      'protect/open',
      'try { return await real(event) } catch (error) { await real({ ...event, input: { plan: "shop" } }); throw error }',
    ],
    ['a step that opens whatever it is given', 'protect/open', 'return real({ ...event, input: { plan: "shop" } })'],
    [
      'a refusal that names no field',
      'failover/open',
      'try { return await real(event) } catch (error) { error.message = "Wrong."; throw error }',
    ],
  ])('inputs: %s', async (_what, step, body) => {
    const { broken: found } = await fuzzInputs({ seed, runs: 60 }, broken(step, body));
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]?.repeat).toMatch(/^npm run fuzz -- --kind inputs --seed 20260105 --runs 60 --only \d+$/);
  });

  it.each<[what: string, step: StepName, body: string]>([
    [
      'a guard that believes every alarm was off before',
      'failover/guard',
      'if (event?.detail?.previousState) event.detail.previousState = { value: "OK" }; return real(event)',
    ],
    [
      'a rescue for whatever ended',
      'operation/rescue',
      'if (event?.detail) event.detail.status = "FAILED"; return real(event)',
    ],
    ['a guard that ignores all', 'failover/guard', 'return { started: false, reason: "tired" }'],
  ])('events: %s', async (_what, step, body) => {
    const { broken: found } = await fuzzEvents({ seed, runs: 240 }, broken(step, body));
    expect(found.length).toBeGreaterThan(0);
  });

  it('items: a step that takes a broken item for anything else', async () => {
    const body =
      'return real(event).catch((error) => { if (error.code === "CatalogueCorrupt") throw new TypeError("undefined is not a function"); throw error })';
    const { broken: found } = await fuzzItems(
      { seed, runs: 40 },
      { ...broken('failover/open', body), scenesMax: 1, pointsBefore: 1 },
    );
    expect(found.length).toBeGreaterThan(0);
  });

  it('items: a step that deletes something else because of a broken item', () => {
    const item = { pk: 'PLAN#shop', sk: 'RP#rp-1' };
    const call = (id: string) => ({
      service: 'ec2',
      operation: 'DeleteSnapshot',
      region: 'eu-west-1',
      input: { SnapshotId: id },
    });
    const deleting = (id: string): Invoked => ({
      outcome: { kind: 'returned', value: {} },
      calls: [call(id) as unknown as RecordedCall],
      logged: [],
    });
    const met = { item, isGone: false, attempts: new Set(['eu-west-1 DeleteSnapshot {"SnapshotId":"snap-old"}']) };
    expect(verdictOf(deleting('snap-old'), met)).toEqual({ kind: 'accepted' });
    expect(verdictOf(deleting('snap-needed'), met)).toMatchObject({ kind: 'broken' });
  });

  it('secrets: a step that logs one, in plain letters or in base64', async () => {
    const plain = broken('protect/capture', 'console.log("CANARY-USER-DATA-7f3a"); return real(event)');
    expect((await findSecrets({ ...plain, seed, isOneWay: true })).leaks.length).toBeGreaterThan(0);
    for (const before of ['', 'x', 'xy'])
      expect(leaksIn(Buffer.from(`${before}CANARY-TAG-91c2 and more`).toString('base64'))).toEqual(['CANARY-TAG-91c2']);
    expect(leaksIn('nothing')).toEqual([]);
  });
});

import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { parseDocument, stringify } from 'yaml';
import { linesOf } from '../../lib/cli/plans.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import { formatProblem, type Problem, type Reading } from '../../lib/plan-file/document.ts';
import { readPlanFile } from '../../lib/plan-file/read.ts';
import { readWorldFile, type World } from '../../rehearsal/world.ts';
import { shop } from '../shop.ts';
import { textsLike } from './plan-texts.ts';
import { isShowable } from './showable.ts';
import { type FuzzCount, type FuzzRuns, tally, type Verdict } from './tally.ts';

/** What reads a file, as the command line does it. */
export interface Reader {
  plans(file: string, text: string): Reading<Plan[]>;
  world(file: string, text: string): Reading<World>;
}

const real: Reader = {
  plans: readPlanFile,
  world: (file, text) => readWorldFile(file, text, shop),
};

interface Text {
  readonly of: keyof Reader;
  readonly text: string;
}

/** Far more than the largest of these texts takes. */
const readMsMax = 3_000;
/** A hundred mistakes and a line that counts the others. */
const problemsMax = 101;
const file = 'homeward.yaml';

/** Plan and world files as nobody should write them: each is read, or every mistake in it is named. */
export function fuzzPlans(runs: FuzzRuns, reader: Reader = real): Promise<FuzzCount> {
  const like = (of: Text['of'], name: string) =>
    textsLike(readFileSync(`examples/${name}.yaml`, 'utf8')).map((text): Text => ({ of, text }));
  const texts = fc.oneof(
    { weight: 3, arbitrary: like('plans', 'shop') },
    { weight: 3, arbitrary: like('plans', 'fleet') },
    { weight: 2, arbitrary: like('world', 'shop.world') },
  );
  return tally('plans', runs, texts, (text) => judge(reader, text));
}

export function judge(reader: Reader, { of, text }: Text): Verdict {
  const begun = performance.now();
  let reading: Reading<Plan[] | World>;
  try {
    reading = reader[of](file, text);
  } catch (error) {
    return broken(`it throws ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
  }
  const tookMs = performance.now() - begun;
  if (tookMs > readMsMax) return broken(`it takes ${Math.round(tookMs)} ms to read`);
  if (Object.hasOwn(Object.prototype, 'polluted')) return broken('it changes the prototype of every object');
  if (reading.kind === 'read') return afterReading(reader, { of, text }, reading.value);
  const wrong = reading.problems.flatMap((problem) => complaintsOf(problem, text));
  if (reading.problems.length === 0 || reading.problems.length > problemsMax)
    return broken(`it has ${reading.problems.length} problems`);
  return wrong[0] === undefined ? { kind: 'refused', name: `${of}: problems named` } : broken(wrong[0]);
}

/** What was read is the same when it is written down and read again, and safe to show and to deploy. */
function afterReading(reader: Reader, { of, text }: Text, value: Plan[] | World): Verdict {
  if (!isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value)) return broken('it does not survive JSON');
  const document = parseDocument(text);
  if (document.errors.length > 0) return broken('it reads what is no YAML');
  const again = reader[of](file, stringify(document.toJS()));
  if (again.kind === 'wrong' || !isDeepStrictEqual(again.value, value))
    return broken(
      `its own serialisation reads differently: ${again.kind === 'wrong' ? again.problems.map(formatProblem).join('; ') : ''}`,
    );
  const unfit = stringsIn(value).find((found) => !isShowable(found));
  if (unfit !== undefined) return broken(`a text that cannot be shown was accepted: ${unfit}`);
  const shown = Array.isArray(value) ? value.flatMap(linesOf) : [];
  return shown.every((line) => isShowable(line, { alsoArrow: true }))
    ? { kind: 'accepted' }
    : broken(`check prints ${shown.join(' ')}`);
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [key, ...stringsIn(member)]);
}

/** File, line and what would be right, in one line that a terminal shows as it is. */
function complaintsOf(problem: Problem, text: string): string[] {
  const { line, column, message } = problem;
  const lines = text.split(/\r\n|\r|\n/).length;
  const shown = formatProblem(problem);
  const isAdvice = /^is not YAML: ./.test(message) || /^.+?\. .+\.$/s.test(message);
  return [
    ...(problem.file === file && line >= 1 && line <= lines + 1 && column >= 1
      ? []
      : [`its place is ${line}:${column} of ${lines} lines`]),
    ...(isAdvice && !/^Invalid|Unrecognized|expected \w+, received/.test(message)
      ? []
      : [`it does not say what would be right: ${message}`]),
    ...(isShowable(shown) && shown.length < 4_000 ? [] : [`a problem cannot be shown: ${shown}`]),
  ];
}

function broken(what: string): Verdict {
  return { kind: 'broken', what };
}

import { createRandom } from '../../sim/random.ts';
import { type Case, passing } from './cases.ts';

/**
 * What one simulated world goes through: operations of one mode, one after the other, each with all cases of its round going wrong.
 * Decision 0010 says why cases share a world.
 */
export interface Run {
  readonly mode: string;
  readonly rounds: readonly (readonly Case[])[];
}

/** One world takes so many cases that pass by themselves, at most. */
const pooledMax = 128;
/**
 * Between two faults of one function lie so many of its calls: no call meets a second one at its repeat. What is delivered to a function is
 * tried three times only, a step nine times.
 */
const callsApart = { step: 6, event: 10 };
/**
 * A function might be killed at each of its eight repeats where an invocation takes longer than that: between two of its ends lies a whole one,
 * or where that is so long, they are so many at most.
 */
const longInvocation = 12;
const killsMax = 6;
/** So many operations in a row are one world's share. */
const roundsMax = 12;
/** So many, where each is full of faults that pass and is followed by what leads to the next one. */
const poolsMax = 4;

/** `key + key then key`, as the command line takes it: `+` in one operation, `then` in the next one. */
export function keyOf({ rounds }: Run): string {
  return rounds.map((cases) => cases.map(({ key }) => key).join(' + ')).join(' then ');
}

/** The run of a key. @throws Error when one of its cases does not exist */
export function runOf(key: string, cases: readonly Case[]): Run {
  const byKey = new Map(cases.map((each) => [each.key, each]));
  const rounds = key.split(' then ').map((round) =>
    round.split(' + ').map((one) => {
      const found = byKey.get(one);
      if (found === undefined) throw new Error(`There is no case ${one}.`);
      return found;
    }),
  );
  return { mode: rounds[0]?.[0]?.mode ?? '', rounds };
}

export function alone(one: Case): Run {
  return { mode: one.mode, rounds: [[one]] };
}

/**
 * Every case in one run: those that pass by themselves many at a time, those that end an operation one after the other.
 * @param returning modes that can be brought back to where they began
 */
export function runsOf(cases: readonly Case[], seed: string, returning: ReadonlySet<string>): Run[] {
  const random = createRandom(seed);
  const shuffled = cases
    .map((each) => ({ each, place: random.next() }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ each }) => each);
  const modes = [...new Set(shuffled.map(({ mode }) => mode))];
  return modes.flatMap((mode) => {
    const ofMode = shuffled.filter((each) => each.mode === mode);
    return [
      ...inRows(pools(ofMode.filter(({ kind }) => passing.has(kind))), returning.has(mode) ? poolsMax : 1),
      ...chains(ofMode.filter(({ kind }) => !passing.has(kind))),
    ];
  });
}

function pools(cases: readonly Case[]): Run[] {
  const made: Case[][] = [];
  for (const one of cases) {
    const pool = made.find((some) => hasRoom(some, one));
    if (pool === undefined) made.push([one]);
    else pool.push(one);
  }
  return made.map((pool) => ({ mode: pool[0]?.mode ?? '', rounds: [pool] }));
}

function hasRoom(pool: readonly Case[], one: Case): boolean {
  if (pool.length >= pooledMax || !pool.every((other) => isApart(one, other))) return false;
  if (!isKill(one) || one.at === 'state' || one.callsMax <= longInvocation) return true;
  const ofFunction = pool.filter((other) => other.at !== 'state' && other.functionName === one.functionName);
  return ofFunction.filter(isKill).length < killsMax;
}

function isKill({ kind }: Case): boolean {
  return kind === 'crash-before' || kind === 'crash-after';
}

function inRows(runs: readonly Run[], length: number): Run[] {
  const rows: Run[] = [];
  for (let start = 0; start < runs.length; start += length) {
    const row = runs.slice(start, start + length);
    rows.push({ mode: row[0]?.mode ?? '', rounds: row.flatMap(({ rounds }) => rounds) });
  }
  return rows;
}

function isApart(one: Case, other: Case): boolean {
  if (one.at === 'state' || other.at === 'state') return false;
  const whole = isKill(one) && isKill(other) && one.callsMax <= longInvocation ? one.callsMax : 0;
  const apart = Math.max(whole, one.isStep ? callsApart.step : callsApart.event);
  return one.functionName !== other.functionName || Math.abs(one.nthOfFunction - other.nthOfFunction) >= apart;
}

/** An execution that was redriven goes on to its end, mostly: such a case is the last of its chain. */
function chains(cases: readonly Case[]): Run[] {
  const last = cases.filter(({ kind }) => kind === 'redriven');
  const others = cases.filter(({ kind }) => kind !== 'redriven');
  const count = Math.max(last.length, Math.ceil(others.length / (roundsMax - 1)));
  const made = Array.from({ length: count }, (_, at) => {
    const rounds = others.filter((_case, index) => index % count === at);
    return [...rounds, ...last.slice(at, at + 1)];
  });
  return made.map((rounds) => ({ mode: rounds[0]?.mode ?? '', rounds: rounds.map((one) => [one]) }));
}

/** The halves of a run that broke, in which to look for what broke it; none when it is a single case. */
export function halvesOf({ mode, rounds }: Run): Run[] {
  const units = rounds.length > 1 ? rounds.map((round) => [round]) : (rounds[0] ?? []).map((one) => [[one]]);
  if (units.length < 2) return [];
  const middle = Math.ceil(units.length / 2);
  return [units.slice(0, middle), units.slice(middle)].map((half) => ({
    mode,
    rounds: rounds.length > 1 ? half.flat() : [half.flat(2)],
  }));
}

/** Of a run that broke nothing: what was not begun goes on in a world of its own; what did not happen is to be tried anew. */
export function restOf(
  { mode, rounds }: Run,
  left: readonly string[],
  begun: number,
): { readonly unbegun: readonly Run[]; readonly unmet: readonly Case[] } {
  const later = rounds.slice(begun);
  const unmet = rounds
    .slice(0, begun)
    .flat()
    .filter(({ key }) => left.includes(key));
  return { unbegun: later.length > 0 ? [{ mode, rounds: later }] : [], unmet };
}

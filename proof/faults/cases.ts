import type { RecordedCall } from '../../sim/call-record.ts';
import type { CallFault, CrashFault, InvocationFault } from '../../sim/faults.ts';
import type { Execution } from '../../sim/stepfunctions/stepfunctions.ts';
import type { Invocation } from '../../sim/lambda/lambda.ts';

/** What happens to a call. `key-unusable`: the keys of the Region cannot be used from that call to the end of the operation. */
export type CallKind = CallFault | CrashFault | 'key-unusable';
/** What happens to an execution as it enters a state. */
export type StateKind = 'aborted' | 'redriven';
export type FaultKind = CallKind | InvocationFault | StateKind;

/** Those that pass by themselves: an operation that meets one of them must still do what it was begun for. */
export const passing: ReadonlySet<FaultKind> = new Set([
  'throttled',
  'server-error',
  'answer-lost',
  'answer-late',
  'crash-before',
  'crash-after',
  'delivered-twice',
]);

/** Where in the run of a mode something goes wrong, and what; `nth` counts from 0, among its like. */
export type Case = { readonly mode: string; readonly key: string; readonly nth: number } & (
  | ({ readonly at: 'call'; readonly kind: CallKind; readonly call: Where } & InFunction)
  | ({ readonly at: 'invocation'; readonly kind: InvocationFault } & InFunction)
  | { readonly at: 'state'; readonly kind: StateKind; readonly state: string }
);

interface InFunction {
  readonly functionName: string;
  /** Among the calls of its function. */
  readonly nthOfFunction: number;
  /** The function is a step of a state machine, which repeats it more often than what is delivered to it. */
  readonly isStep: boolean;
  /** Calls of its longest invocation. */
  readonly callsMax: number;
}

type Where = Pick<RecordedCall, 'service' | 'operation' | 'region'> & { readonly role: string };

/** What one clean run of a mode recorded. */
export interface CleanRun {
  readonly mode: string;
  readonly calls: readonly RecordedCall[];
  readonly invocations: readonly Invocation[];
  readonly executions: readonly Execution[];
}

const callKinds: readonly CallKind[] = [
  'throttled',
  'server-error',
  'refused',
  'answer-lost',
  'answer-late',
  'crash-before',
  'crash-after',
  'key-unusable',
];
/** Calls that use a key of their Region. */
const usesKey =
  /^(CopySnapshot|CreateVolume|RunInstances|StartInstances|StartSnapshot|GetSnapshotBlock|PutSnapshotBlock)$/;

/**
 * One call site: a function's operation in a Region, at its first, second or a later turn within an invocation. The same site is
 * met once per server, volume and poll; the first and the last of these meetings are tried, or every one.
 */
interface Site {
  readonly name: string;
  readonly meetings: readonly number[];
}

/** `StepsFailoverLaunch3F…-9A…` → `FailoverLaunch` */
export function shortName(functionName: string): string {
  return /Steps([A-Za-z]+?)[0-9A-F]{2,8}-/.exec(functionName)?.[1] ?? functionName;
}

export function sitesOf({ calls }: CleanRun): readonly Site[] {
  const turnOf = counter();
  const met = new Map<string, number[]>();
  for (const [index, { invocation, service, operation, region }] of calls.entries()) {
    if (invocation === undefined) continue;
    const turn = turnOf(`${invocation} ${service} ${operation} ${region}`) + 1;
    const name = `${shortName(functionOf(invocation))}/${service}.${operation}/${region}/${Math.min(turn, 3)}`;
    met.set(name, [...(met.get(name) ?? []), index]);
  }
  return [...met].map(([name, meetings]) => ({ name, meetings }));
}

function functionOf(invocation: string): string {
  return invocation.split('/')[0] ?? '';
}

/** All that can go wrong in a run: each kind at each call site, at its first and last meeting; at each function and each state, of which those that only lead on are left out unless `isEvery`. */
export function casesOf(run: CleanRun, isEvery: boolean): Case[] {
  return [...callCases(run, isEvery), ...invocationCases(run), ...stateCases(run, isEvery)];
}

function callCases(run: CleanRun, isEvery: boolean): Case[] {
  const places = placesOf(run);
  return sitesOf(run).flatMap(({ name, meetings }) => {
    const chosen = isEvery ? [...meetings.keys()] : [...new Set([0, meetings.length - 1])];
    return chosen.flatMap((meeting) => {
      const place = places[meetings[meeting] ?? 0];
      if (place === undefined) return [];
      return callKinds
        .filter((kind) => kind !== 'key-unusable' || usesKey.test(place.call.operation))
        .map((kind): Case => {
          const key = `${run.mode}/${name}/${meeting + 1}/${kind}`;
          return { at: 'call', mode: run.mode, key, kind, ...place };
        });
    });
  });
}

/** Of each recorded call where it stands among its like; none for a call that no function made. */
function placesOf({ calls, invocations }: CleanRun) {
  const count = counter();
  const traitsOf = traits({ calls, invocations });
  return calls.map(({ invocation, role, service, operation, region }) => {
    const nth = count(`call ${role} ${service} ${operation} ${region}`);
    if (invocation === undefined || role === undefined) return undefined;
    const functionName = functionOf(invocation);
    const nthOfFunction = count(`calls of ${functionName}`);
    const call = { service, operation, region, role };
    return { call, functionName, nth, nthOfFunction, ...traitsOf(functionName) };
  });
}

function traits({ calls, invocations }: Pick<CleanRun, 'calls' | 'invocations'>) {
  const steps = stepsOf(invocations);
  const longest = longestOf(calls);
  return (functionName: string) => ({ isStep: steps.has(functionName), callsMax: longest.get(functionName) ?? 0 });
}

/** Functions that were told of an operation, or of the execution that opens one. */
function stepsOf(invocations: readonly Invocation[]): ReadonlySet<string> {
  const isTold = ({ payload }: Invocation) =>
    typeof payload === 'object' && payload !== null && ('operation' in payload || 'execution' in payload);
  return new Set(invocations.filter(isTold).map(({ functionName }) => functionName));
}

/** Of each function how many calls its longest invocation made. */
function longestOf(calls: CleanRun['calls']): ReadonlyMap<string, number> {
  const count = counter();
  const longest = new Map<string, number>();
  for (const { invocation } of calls) {
    if (invocation === undefined) continue;
    const name = functionOf(invocation);
    longest.set(name, Math.max(longest.get(name) ?? 0, count(invocation) + 1));
  }
  return longest;
}

/** Counts names: gives how often one was counted before. */
function counter(): (name: string) => number {
  const counts = new Map<string, number>();
  return (name) => {
    const before = counts.get(name) ?? 0;
    counts.set(name, before + 1);
    return before;
  };
}

function invocationCases({ mode, invocations, calls }: CleanRun): Case[] {
  const traitsOf = traits({ calls, invocations });
  return firstAndLast(invocations.map(({ functionName }) => functionName)).map(({ name, nth }) => {
    const { id } = invocations.filter(({ functionName }) => functionName === name)[nth] ?? { id: '' };
    const ofFunction = calls.filter(({ invocation }) => functionOf(invocation ?? '') === name);
    const nthOfFunction = ofFunction.findIndex(({ invocation }) => invocation === id);
    const key = `${mode}/${shortName(name)}/${nth + 1}/delivered-twice`;
    const place = { functionName: name, nth, nthOfFunction, ...traitsOf(name) };
    return { at: 'invocation', mode, key, kind: 'delivered-twice', ...place };
  });
}

/** States that call and wait for nothing: to be stopped at one of them is to be stopped at what follows it. */
const passingThrough: ReadonlySet<string> = new Set(['Choice', 'Pass', 'Succeed', 'Fail']);

/** Aborted as a state is entered for the first and for the last time; redriven at the first. */
function stateCases({ mode, executions }: CleanRun, isEvery: boolean): Case[] {
  const entered = executions
    .flatMap(({ history }) => history.filter(({ type }) => type === 'StateEntered'))
    .filter(({ state }) => isEvery || !passingThrough.has(state?.type ?? ''));
  return firstAndLast(entered.map(({ state }) => state?.name ?? '')).flatMap(({ name, nth }) => {
    const kinds: readonly StateKind[] = nth === 0 ? ['aborted', 'redriven'] : ['aborted'];
    return kinds.map((kind): Case => {
      const key = `${mode}/state ${name}/${nth + 1}/${kind}`;
      return { at: 'state', mode, key, kind, state: name, nth };
    });
  });
}

/** Of each name its first and its last place, counted among its own. */
function firstAndLast(names: readonly string[]): { name: string; nth: number }[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].flatMap(([name, count]) => [...new Set([0, count - 1])].map((nth) => ({ name, nth })));
}

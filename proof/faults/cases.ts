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

/** Where in the run of a mode something goes wrong, and what. */
export type Case = { readonly mode: string; readonly key: string } & (
  | {
      readonly at: 'call';
      readonly kind: CallKind;
      readonly call: Where;
      readonly nth: number;
      readonly nthOfFunction: number;
    }
  | { readonly at: 'invocation'; readonly kind: InvocationFault; readonly functionName: string; readonly nth: number }
  | { readonly at: 'state'; readonly kind: StateKind; readonly state: string; readonly nth: number }
);

type Where = Pick<RecordedCall, 'service' | 'operation' | 'region'> & {
  readonly role: string;
  readonly functionName: string;
};

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
  return /Steps([A-Za-z]+?)[0-9A-F]{8}-/.exec(functionName)?.[1] ?? functionName;
}

export function sitesOf({ calls }: CleanRun): readonly Site[] {
  const turns = new Map<string, number>();
  const met = new Map<string, number[]>();
  for (const [index, { invocation, service, operation, region }] of calls.entries()) {
    if (invocation === undefined) continue;
    const turn = (turns.get(`${invocation} ${service} ${operation} ${region}`) ?? 0) + 1;
    turns.set(`${invocation} ${service} ${operation} ${region}`, turn);
    const name = `${shortName(functionOf(invocation))}/${service}.${operation}/${region}/${Math.min(turn, 3)}`;
    met.set(name, [...(met.get(name) ?? []), index]);
  }
  return [...met].map(([name, meetings]) => ({ name, meetings }));
}

function functionOf(invocation: string): string {
  return invocation.split('/')[0] ?? '';
}

/** All that can go wrong in a run: each kind at each call site, at its first and last meeting; at each function and each state. */
export function casesOf(run: CleanRun, isEvery: boolean): Case[] {
  return [...callCases(run, isEvery), ...invocationCases(run), ...stateCases(run)];
}

function callCases(run: CleanRun, isEvery: boolean): Case[] {
  return sitesOf(run).flatMap(({ name, meetings }) => {
    const chosen = isEvery ? [...meetings.keys()] : [...new Set([0, meetings.length - 1])];
    return chosen.flatMap((meeting) => {
      const index = meetings[meeting] ?? 0;
      const call = run.calls[index];
      if (call?.invocation === undefined || call.role === undefined) return [];
      const functionName = functionOf(call.invocation);
      const earlier = run.calls.slice(0, index);
      const isSame = (other: RecordedCall) =>
        other.role === call.role &&
        other.service === call.service &&
        other.operation === call.operation &&
        other.region === call.region;
      const nth = earlier.filter(isSame).length;
      const nthOfFunction = earlier.filter(({ invocation }) => functionOf(invocation ?? '') === functionName).length;
      const { service, operation, region, role } = call;
      const where = { service, operation, region, role, functionName };
      return callKinds
        .filter((kind) => kind !== 'key-unusable' || usesKey.test(operation))
        .map((kind): Case => {
          const key = `${run.mode}/${name}/${meeting + 1}/${kind}`;
          return { at: 'call', mode: run.mode, key, kind, call: where, nth, nthOfFunction };
        });
    });
  });
}

function invocationCases({ mode, invocations }: CleanRun): Case[] {
  return firstAndLast(invocations.map(({ functionName }) => functionName)).map(({ name, nth }) => {
    const key = `${mode}/${shortName(name)}/${nth + 1}/delivered-twice`;
    return { at: 'invocation', mode, key, kind: 'delivered-twice', functionName: name, nth };
  });
}

function stateCases({ mode, executions }: CleanRun): Case[] {
  const entered = executions.flatMap(({ history }) => history.filter(({ type }) => type === 'StateEntered'));
  const kinds: readonly StateKind[] = ['aborted', 'redriven'];
  return firstAndLast(entered.map(({ state }) => state?.name ?? '')).flatMap(({ name, nth }) =>
    kinds.map((kind): Case => {
      const key = `${mode}/state ${name}/${nth + 1}/${kind}`;
      return { at: 'state', mode, key, kind, state: name, nth };
    }),
  );
}

/** Of each name its first and its last place, counted among its own. */
function firstAndLast(names: readonly string[]): { name: string; nth: number }[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].flatMap(([name, count]) => [...new Set([0, count - 1])].map((nth) => ({ name, nth })));
}

import type { Execution } from '../../sim/stepfunctions/stepfunctions.ts';

/** Events in histories, as Step Functions counts them. */
export interface HistorySizes {
  readonly execution: number;
  /** Of the child executions of Distributed Maps, all together. */
  readonly children: number;
}

/** What the definition of a state machine is looked through for. */
export interface Machine {
  readonly StartAt: string;
  readonly States: Readonly<
    Record<
      string,
      {
        readonly ItemProcessor?: Machine & { readonly ProcessorConfig?: { readonly Mode?: string } };
        readonly Branches?: readonly Machine[];
      }
    >
  >;
}

/**
 * Besides entering and leaving a state, which the simulated history holds: a task is scheduled, started, and succeeds or fails; a map or a
 * Distributed Map begins and ends. @source Step Functions API reference, HistoryEvent
 */
const moreEvents: Readonly<Record<string, number>> = { Task: 3, Map: 2, Parallel: 2 };
/** An item of a map, and an execution, begin and end. */
const beginAndEnd = 2;

/** @param machine as deployed */
export function eventsOf({ history }: Pick<Execution, 'history'>, machine: Machine): HistorySizes {
  const inChildren = new Set(childStates(machine, false));
  const firstOfItem = new Set(firstStates(machine));
  const sizes = { execution: beginAndEnd, children: 0 };
  for (const { type, state } of history) {
    if (state === undefined || (type !== 'StateEntered' && type !== 'StateExited')) continue;
    const begun = firstOfItem.has(state.name) ? beginAndEnd : 0;
    const events = type === 'StateExited' ? 1 : 1 + (moreEvents[state.type] ?? 0) + begun;
    sizes[inChildren.has(state.name) ? 'children' : 'execution'] += events;
  }
  return sizes;
}

function childStates({ States }: Machine, isInside: boolean): string[] {
  return Object.entries(States).flatMap(([name, { ItemProcessor: items, Branches = [] }]) => [
    ...(isInside ? [name] : []),
    ...(items === undefined ? [] : childStates(items, isInside || items.ProcessorConfig?.Mode === 'DISTRIBUTED')),
    ...Branches.flatMap((branch) => childStates(branch, isInside)),
  ]);
}

function firstStates({ States }: Machine): string[] {
  return Object.values(States).flatMap(({ ItemProcessor: items, Branches = [] }) => [
    ...(items === undefined ? [] : [items.StartAt, ...firstStates(items)]),
    ...Branches.flatMap(firstStates),
  ]);
}

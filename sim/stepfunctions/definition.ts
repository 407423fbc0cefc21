import { NotModelled } from '../service.ts';

/** A state, loosely: the validator has checked its shape before. */
export type State = Record<string, unknown> & { Type: string };
export interface Definition {
  StartAt: string;
  States: Record<string, State>;
  [field: string]: unknown;
}

/** A definition made ready for the interpreter. */
export interface Prepared {
  readonly root: Definition;
  /** Every Task state by its name. */
  readonly tasks: ReadonlyMap<string, State>;
  /** Distributed Maps by name: each runs as a machine of its own, see {@link Prepared.root} for the Task in its place. */
  readonly distributed: ReadonlyMap<string, Definition>;
  /** Maps and Parallels around each Task, by its name. */
  readonly around: ReadonlyMap<string, readonly string[]>;
}

const LAMBDA_INVOKE = 'arn:aws:states:::lambda:invoke';

/** Longest time a timer can hold (2^31 ms) is 24.8 days; the real default for a task is 99,999,999 s. */
const TASK_SECONDS_MAX = 2_000_000;

/** Inline Maps run about 40 items at a time, Distributed ones up to 10,000. @source aws-facts [5.5] */
const DISTRIBUTED_CONCURRENCY_MAX = 10_000;

const ERRORS_AND_FLOW = ['Retry', 'Catch', 'Next', 'End', 'Comment'];
const DATA = ['InputPath', 'OutputPath', 'ResultPath', 'ResultSelector'];
const MODELLED: Record<string, readonly string[]> = {
  Task: [...ERRORS_AND_FLOW, ...DATA, 'Parameters', 'Resource', 'TimeoutSeconds', 'TimeoutSecondsPath'],
  Map: [...ERRORS_AND_FLOW, ...DATA, 'ItemsPath', 'ItemSelector', 'ItemProcessor', 'MaxConcurrency', 'Label'],
  Parallel: [...ERRORS_AND_FLOW, ...DATA, 'Parameters', 'Branches'],
  Pass: ['Next', 'End', 'Comment', 'InputPath', 'OutputPath', 'ResultPath', 'Parameters', 'Result'],
  Wait: ['Next', 'End', 'Comment', 'InputPath', 'OutputPath', 'Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'],
  Choice: ['Comment', 'InputPath', 'OutputPath', 'Choices', 'Default'],
  Succeed: ['Comment', 'InputPath', 'OutputPath'],
  Fail: ['Comment', 'Error', 'Cause', 'ErrorPath', 'CausePath'],
};

const PLAIN_CONDITIONS =
  /^(StringEquals|StringLessThan|StringGreaterThan|StringLessThanEquals|StringGreaterThanEquals|NumericEquals|NumericLessThan|NumericGreaterThan|NumericLessThanEquals|NumericGreaterThanEquals|BooleanEquals)(Path)?$/;
const TYPE_TESTS = ['IsPresent', 'IsNull', 'IsString', 'IsNumeric', 'IsBoolean', 'IsTimestamp'];

/**
 * Checks that the definition uses only what is modelled, and adapts it where the interpreter differs from the
 * States Language; docs/simulator/orchestration.md lists each difference.
 */
export function prepare(definition: Definition): Prepared {
  const tasks = new Map<string, State>();
  const distributed = new Map<string, Definition>();
  const around = new Map<string, readonly string[]>();
  const within: string[] = [];
  const names = new Set<string>();
  const known = ['StartAt', 'States', 'Comment', 'TimeoutSeconds', 'Version', 'QueryLanguage', 'ProcessorConfig'];

  const machine = (source: Definition, isChildExecution: boolean): Definition => {
    refuseOthers('state machine field', Object.keys(source), known);
    if ((source.QueryLanguage ?? 'JSONPath') !== 'JSONPath') throw new NotModelled('QueryLanguage JSONata');
    if (Number(source.TimeoutSeconds ?? 0) > TASK_SECONDS_MAX) throw new NotModelled('TimeoutSeconds above 23 days');
    const States: Record<string, State> = {};
    for (const [name, state] of Object.entries(source.States)) {
      if (names.has(name)) throw new NotModelled(`two states named '${name}' in one state machine`);
      names.add(name);
      States[name] = adapt(name, structuredClone(state), isChildExecution);
    }
    const { ProcessorConfig: _, ...rest } = source;
    return { ...rest, States };
  };

  const adapt = (name: string, state: State, isChildExecution: boolean): State => {
    refuseOthers(`${state.Type} state '${name}' with field`, Object.keys(state), [
      'Type',
      ...(MODELLED[state.Type] ?? []),
    ]);
    checkPaths(name, state, isChildExecution);
    if (state.ResultPath === '$') delete state.ResultPath;
    for (const catcher of listOf(state.Catch)) if (catcher.ResultPath === '$') delete catcher.ResultPath;
    for (const retrier of listOf(state.Retry)) delete retrier.JitterStrategy;
    if (state.Type === 'Choice') state.Choices = listOf(state.Choices).map((rule) => adaptRule(name, rule));
    if (state.Type === 'Parallel') {
      within.push(name);
      state.Branches = (state.Branches as Definition[]).map((branch) => machine(branch, isChildExecution));
      within.pop();
    }
    if (state.Type === 'Pass' && 'Result' in state && !state.Result)
      throw new NotModelled(`an empty Result ('${name}')`);
    if (state.Type === 'Task') return task(name, state);
    return state.Type === 'Map' ? map(name, state, isChildExecution) : state;
  };

  const task = (name: string, state: State): State => {
    if (state.Resource !== LAMBDA_INVOKE)
      throw new NotModelled(`a Task with Resource ${String(state.Resource)} ('${name}')`);
    refuseOthers(`a parameter of '${name}':`, Object.keys((state.Parameters as object) ?? {}), [
      'FunctionName',
      'FunctionName.$',
      'Payload',
      'Payload.$',
    ]);
    if (!('TimeoutSecondsPath' in state)) state.TimeoutSeconds ??= TASK_SECONDS_MAX;
    tasks.set(name, state);
    around.set(name, [...within]);
    return state;
  };

  const map = (name: string, state: State, isChildExecution: boolean): State => {
    const processor = state.ItemProcessor as Definition & {
      ProcessorConfig?: { Mode?: string; ExecutionType?: string };
    };
    const { Mode = 'INLINE', ExecutionType = 'STANDARD' } = processor.ProcessorConfig ?? {};
    const isDistributed = Mode === 'DISTRIBUTED';
    within.push(name);
    state.ItemProcessor = machine(processor, isChildExecution || isDistributed);
    within.pop();
    if (!isDistributed) return state;
    if (ExecutionType !== 'STANDARD')
      throw new NotModelled(`a Distributed Map with ${ExecutionType} children ('${name}')`);
    return distribute(name, state);
  };

  /** A Distributed Map fails with its own error and has children of its own: a Task whose handler runs them. */
  const distribute = (name: string, state: State): State => {
    const { ItemsPath, ItemSelector, ItemProcessor, MaxConcurrency, Label: _, ...outer } = state;
    const inner: State = {
      Type: 'Map',
      ItemProcessor,
      ...(ItemsPath === undefined ? {} : { ItemsPath }),
      ...(ItemSelector === undefined ? {} : { ItemSelector }),
      MaxConcurrency: Number(MaxConcurrency ?? 0) || DISTRIBUTED_CONCURRENCY_MAX,
      End: true,
    };
    distributed.set(name, { StartAt: name, States: { [name]: inner } });
    const stand: State = { ...outer, Type: 'Task', Resource: LAMBDA_INVOKE, TimeoutSeconds: TASK_SECONDS_MAX };
    tasks.set(name, stand);
    around.set(name, [...within]);
    return stand;
  };

  const root = machine(definition, false);
  for (const [name, inner] of distributed) distributed.set(name, keepBeginning(inner));
  return { root: keepBeginning(root), tasks, distributed, around };
}

/** In the items of a Map the interpreter gives each item's own begin and input; the execution's are kept beside. */
function keepBeginning(definition: Definition): Definition {
  const text = JSON.stringify(definition);
  return JSON.parse(
    text
      .replaceAll('$$.Execution.StartTime', '$$$$.Began.StartTime')
      .replaceAll('$$.Execution.Input', '$$$$.Began.Input'),
  );
}

function refuseOthers(what: string, found: readonly string[], known: readonly string[]): void {
  const other = found.find((field) => !known.includes(field));
  if (other !== undefined) throw new NotModelled(`a ${what} ${other}`);
}

function listOf(value: unknown): Record<string, unknown>[] {
  return (value as Record<string, unknown>[] | undefined) ?? [];
}

/** The interpreter takes `IsPresent: false` and the like as never true; and an unknown operator as false. */
function adaptRule(name: string, rule: Record<string, unknown>): Record<string, unknown> {
  const { Next, Comment: _, Variable, ...test } = rule;
  const next = Next === undefined ? {} : { Next };
  const nested = (rules: unknown) => listOf(rules).map((inner) => adaptRule(name, inner));
  if (test.And !== undefined) return { And: nested(test.And), ...next };
  if (test.Or !== undefined) return { Or: nested(test.Or), ...next };
  if (test.Not !== undefined) return { Not: adaptRule(name, test.Not as Record<string, unknown>), ...next };
  const [operator = '', ...more] = Object.keys(test);
  if (more.length === 0 && PLAIN_CONDITIONS.test(operator)) return { Variable, ...test, ...next };
  if (more.length > 0 || !TYPE_TESTS.includes(operator)) throw new NotModelled(`condition ${operator} ('${name}')`);
  return test[operator] === false
    ? { Not: { Variable, [operator]: true }, ...next }
    : { Variable, [operator]: true, ...next };
}

/** Paths whose meaning differs in the interpreter are refused, wherever they stand. */
function checkPaths(name: string, state: State, isChildExecution: boolean): void {
  const { ItemProcessor: _, Branches: __, ...own } = state;
  for (const path of pathsIn(own)) {
    const isQuery = path.startsWith('$') && (/\[\*|\.\.|\?\(|\[[^\]]*[:,]/.test(path) || path.includes('.*'));
    if (isQuery) throw new NotModelled(`a path that selects several values: ${path} ('${name}')`);
    if (/States\.(UUID|MathRandom)\(/.test(path))
      throw new NotModelled(`an intrinsic without a seed: ${path} ('${name}')`);
    if (!/^\$\$|[ (,]\$\$/.test(path)) continue;
    const context = /\$\$(\.[A-Za-z.]*)?/.exec(path)?.[0] ?? '';
    const inSelector = state.Type === 'Map' && context.startsWith('$$.Map.Item');
    const isExecution = [
      '$$.Execution.Name',
      '$$.Execution.Id',
      '$$.Execution.StartTime',
      '$$.Execution.Input',
    ].includes(context.replace(/(\.Input)\..*$/, '$1'));
    if (isExecution && isChildExecution) throw new NotModelled(`${context} inside a Distributed Map ('${name}')`);
    if (
      !inSelector &&
      !isExecution &&
      !['$$.State.EnteredTime', '$$.StateMachine.Id', '$$.StateMachine.Name'].includes(context)
    ) {
      throw new NotModelled(`${context} ('${name}')`);
    }
  }
}

function pathsIn(value: unknown, key = ''): string[] {
  if (typeof value === 'string') return key.endsWith('.$') || key.endsWith('Path') || key === 'Variable' ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([field, inner]) => pathsIn(inner, Array.isArray(value) ? key : field));
}

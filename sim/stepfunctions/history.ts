import type { HistoryEvent, HistoryEventType } from '@aws-sdk/client-sfn';
import type { Execution, ExecutionEvent } from './execution.ts';

/** The record of an execution in the words of GetExecutionHistory; events between entering and leaving a state are left out. */
export function historyEvents(execution: Execution): HistoryEvent[] {
  const events: HistoryEvent[] = [];
  const add = (at: number, type: string, details: object) =>
    events.push({
      id: events.length + 1,
      previousEventId: events.length,
      timestamp: new Date(at),
      type: type as HistoryEventType,
      ...details,
    });
  add(execution.startedAt, 'ExecutionStarted', { executionStartedEventDetails: { input: execution.input } });
  for (const event of execution.history) addState(event, add);
  const { stoppedAt, error, cause } = execution;
  if (stoppedAt === undefined) return events;
  const details = { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
  if (execution.status === 'SUCCEEDED') {
    add(stoppedAt, 'ExecutionSucceeded', {
      executionSucceededEventDetails: { output: JSON.stringify(execution.output) },
    });
  }
  if (execution.status === 'FAILED') add(stoppedAt, 'ExecutionFailed', { executionFailedEventDetails: details });
  if (execution.status === 'TIMED_OUT') add(stoppedAt, 'ExecutionTimedOut', { executionTimedOutEventDetails: details });
  if (execution.status === 'ABORTED') add(stoppedAt, 'ExecutionAborted', { executionAbortedEventDetails: details });
  return events;
}

function addState(event: ExecutionEvent, add: (at: number, type: string, details: object) => void): void {
  const { state, at } = event;
  if (state === undefined) return;
  if (event.type === 'StateEntered') {
    add(at, `${state.type}StateEntered`, {
      stateEnteredEventDetails: { name: state.name, input: JSON.stringify(state.input) },
    });
  }
  if (event.type === 'StateExited') {
    add(at, `${state.type}StateExited`, {
      stateExitedEventDetails: { name: state.name, output: JSON.stringify(state.output) },
    });
  }
  if (event.type === 'StateFailed' && state.type === 'Task') {
    add(at, 'TaskFailed', {
      taskFailedEventDetails: { resourceType: 'lambda', resource: 'invoke', error: event.error, cause: event.cause },
    });
  }
}

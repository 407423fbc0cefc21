/**
 * Lambda's side of a function in a process of its own: loads the asset's handler as the environment names it and answers one
 * event after another. `own-process.ts` starts it; neither the simulator nor the tests are loaded here.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';

interface Invocation {
  readonly event: unknown;
  readonly context: object;
  /** Milliseconds since 1970. */
  readonly deadline: number;
}

type Handler = (event: unknown, context: object) => unknown;

let handler: Handler | undefined;

process.on('message', (invocation: Invocation) => {
  // What cannot be answered has lost its parent, and ends with it.
  void outcomeOf(invocation).then((outcome) => process.send?.(outcome));
});
process.once('disconnect', () => process.exit());

async function outcomeOf({ event, context, deadline }: Invocation): Promise<object> {
  const getRemainingTimeInMillis = () => Math.max(0, deadline - Date.now());
  try {
    handler ??= load(process.env['LAMBDA_TASK_ROOT'] ?? '', process.env['_HANDLER'] ?? '');
    const payload = await handler(event, { ...context, getRemainingTimeInMillis });
    return { kind: 'returned', payload: payload ?? null };
  } catch (thrown) {
    const { name, message, stack = '' } = thrown instanceof Error ? thrown : new Error(String(thrown));
    return { kind: 'failed', error: { errorType: name, errorMessage: message, trace: stack.split('\n') } };
  }
}

/** @param named `file.export` inside the task root */
function load(taskRoot: string, named: string): Handler {
  const [file = '', name = ''] = named.split('.');
  const require = createRequire(join(taskRoot, 'bootstrap.js'));
  const exported: unknown = (require(`./${file}`) as Record<string, unknown>)[name];
  if (typeof exported === 'function') return exported as Handler;
  throw Object.assign(new Error(`${named} is undefined or not exported`), { name: 'Runtime.HandlerNotFound' });
}

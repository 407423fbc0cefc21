import type { Call, Operation } from '../../sim/service.ts';
import { createDispatch, type RawService, type Surface } from '../../sim/wire/dispatch.ts';
import { inProcessHandler } from '../../sim/wire/handler.ts';
import type { Dispatch } from '../../sim/wire/wire.ts';

/** A cloud that remembers what arrived and answers what the test says. */
export interface Recording {
  readonly arrived: { call: Call; input: unknown }[];
  readonly notModelled: string[];
  answer: () => object;
  readonly dispatch: Dispatch;
  /** Of an SDK client that is answered in this process. */
  readonly config: ReturnType<typeof configOf>;
}

/** Models the operations named, each with the parameters named. */
export function recording(
  models: Readonly<Record<string, readonly string[]>>,
  { dynamodb, around }: { dynamodb?: RawService; around?: Surface['around'] } = {},
): Recording {
  const operations = Object.entries(models).map(([name, parameters]): [string, Operation] => [
    name,
    {
      models: parameters,
      run: (input, call) => {
        made.arrived.push({ call, input });
        return made.answer();
      },
    },
  ]);
  const service = { operations: Object.fromEntries(operations) };
  const notModelled: string[] = [];
  let requests = 0;
  const dispatch = createDispatch({
    service: (endpoint) => (endpoint === 'dynamodb' && dynamodb !== undefined ? dynamodb : service),
    requestId: () => `request-${++requests}`,
    notModelled,
    ...(around === undefined ? {} : { around }),
  });
  const made: Recording = { arrived: [], notModelled, answer: () => ({}), dispatch, config: configOf(dispatch) };
  return made;
}

function configOf(dispatch: Dispatch) {
  return {
    region: 'us-west-2',
    maxAttempts: 1,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    requestHandler: inProcessHandler(dispatch),
  };
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { contextOf, environmentOf, type FunctionDefinition, type Outcome } from './instance.ts';

/** Where a function runs, and the port behind which it finds AWS. */
export interface Place {
  readonly region: string;
  /** As `listen` gives it: `http://127.0.0.1:…`. */
  readonly endpointUrl: string;
}

const bootstrap = new URL('./own-process-bootstrap.ts', import.meta.url);

/**
 * An execution environment in a Node process of its own, with nothing around the code that Lambda does not have: the asset's
 * directory, the template's variables, Lambda's own, and the address of the simulated AWS. Its Node is the one that runs this.
 */
export class OwnProcess {
  readonly #definition: FunctionDefinition;
  readonly #child: ChildProcess;
  /** What it wrote to standard error, for the message if it dies. */
  #stderr = '';
  #requests = 0;

  constructor(definition: FunctionDefinition, { region, endpointUrl }: Place) {
    this.#definition = definition;
    this.#child = fork(bootstrap, {
      cwd: definition.assetDir,
      env: { ...environmentOf(definition, region), AWS_ENDPOINT_URL: endpointUrl },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#stderr += text.toString();
    });
  }

  /** Invokes the function, one event at a time: the first starts it, the next meet it warm. */
  async invoke(event: unknown): Promise<Outcome> {
    if (!this.#child.connected) return this.#death();
    const over = new AbortController();
    const { signal } = over;
    const { timeoutSeconds } = this.#definition;
    const answered = once(this.#child, 'message', { signal }).then(([outcome]) => outcome as Outcome);
    const died = once(this.#child, 'close', { signal }).then(() => this.#death());
    const late = pause(timeoutSeconds * 1_000, undefined, { signal }).then(() => {
      this.end();
      return failed('Sandbox.Timedout', `Task timed out after ${timeoutSeconds.toFixed(2)} seconds`);
    });
    this.#requests += 1;
    const deadline = Date.now() + timeoutSeconds * 1_000;
    this.#child.send({ event, context: contextOf(this.#definition, `request-${this.#requests}`, deadline), deadline });
    try {
      return await Promise.race([answered, died, late]);
    } finally {
      over.abort();
    }
  }

  /** Ends the process, as Lambda does with an environment it no longer needs. */
  end(): void {
    this.#child.kill('SIGKILL');
  }

  #death(): Outcome {
    const status = String(this.#child.exitCode ?? this.#child.signalCode);
    return failed('Runtime.ExitError', `Runtime exited with error: exit status ${status}\n${this.#stderr}`);
  }
}

function failed(errorType: string, errorMessage: string): Outcome {
  return { kind: 'failed', error: { errorType, errorMessage } };
}

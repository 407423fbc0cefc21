import { request } from 'node:http';
import { connect } from 'node:net';
import { z } from 'zod';
import { Failure } from '../../domain/failure.ts';
import { nextPoll, type PollResult, pollingSeconds, pollSchema } from '../../domain/poll.ts';

const probe = z.object({
  server: z.string(),
  address: z.string(),
  withinSeconds: z.number(),
  tcp: z.number().int().optional(),
  http: z.object({ port: z.number().int(), path: z.string(), status: z.number().int() }).optional(),
});
export type Probe = z.infer<typeof probe>;

export const probeSchema = z.object({
  plan: z.string(),
  wave: z.number().int(),
  probes: z.array(probe),
  poll: pollSchema,
});

const answerMsMax = 5_000;

/**
 * Second half of the health gate: TCP and HTTP answers of the servers. Calls no AWS API, so that it can run inside a VPC
 * without endpoints.
 * @throws Failure WaveUnhealthy
 */
export async function probeWave(now: () => Date, input: z.infer<typeof probeSchema>): Promise<PollResult> {
  const problems = (await Promise.all(input.probes.map(problemOf))).filter((problem) => problem !== undefined);
  const withinSeconds = Math.max(0, ...input.probes.map((target) => target.withinSeconds));
  if (problems.length > 0 && pollingSeconds(input.poll, now()) > withinSeconds) {
    throw new Failure(
      'WaveUnhealthy',
      `Wave ${input.wave} of plan ${input.plan} is not healthy after ${withinSeconds} s: ${problems.join('; ')}. The operation is undone; look at the service on the server.`,
    );
  }
  return nextPoll(input.poll, problems.length === 0, now());
}

async function problemOf(target: Probe): Promise<string | undefined> {
  if (target.tcp !== undefined && !(await answersTcp(target.address, target.tcp)))
    return `${target.server} does not accept TCP ${target.tcp}`;
  if (target.http === undefined) return undefined;
  const { port, path, status } = target.http;
  const answered = await httpStatus(target.address, port, path);
  return answered === status
    ? undefined
    : `${target.server} answered ${answered ?? 'nothing'} to GET :${port}${path}, expected ${status}`;
}

function answersTcp(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.setTimeout(answerMsMax, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

function httpStatus(host: string, port: number, path: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const asked = request({ host, port, path, method: 'GET' }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.setTimeout(answerMsMax, () => asked.destroy(new Error('no answer')));
    asked.once('error', () => resolve(undefined));
    asked.end();
  });
}

import { request } from 'node:http';
import { connect } from 'node:net';
import { z } from 'zod';

const probe = z.object({
  server: z.string(),
  address: z.string(),
  tcp: z.number().int().optional(),
  http: z.object({ port: z.number().int(), path: z.string(), status: z.number().int() }).optional(),
});
export type Probe = z.infer<typeof probe>;

export const probesSchema = z.object({ probes: z.array(probe) });
const problemSchema = z.object({ server: z.string(), problem: z.string() });
export const probeAnswerSchema = z.object({ problems: z.array(problemSchema) });

const answerMsMax = 5_000;

/** Asks servers over TCP and HTTP whether they answer. Calls no AWS API, so that it can run inside a VPC without endpoints. */
export async function probeServers({
  probes,
}: z.infer<typeof probesSchema>): Promise<z.infer<typeof probeAnswerSchema>> {
  const asked = probes.map(async (target) => ({ server: target.server, problem: await problemOf(target) }));
  const found = await Promise.all(asked);
  return { problems: found.flatMap(({ server, problem }) => (problem === undefined ? [] : [{ server, problem }])) };
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

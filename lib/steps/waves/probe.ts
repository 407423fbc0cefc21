import { request } from 'node:http';
import { request as requestOverTls } from 'node:https';
import { connect } from 'node:net';
import * as z from 'zod';

const page = z.object({
  port: z.number().int(),
  path: z.string(),
  status: z.number().int(),
  text: z.string().optional(),
});
type Page = z.infer<typeof page>;

const probe = z.object({
  server: z.string(),
  address: z.string(),
  tcp: z.number().int().optional(),
  http: page.optional(),
  https: page.optional(),
});
export type Probe = z.infer<typeof probe>;

export const probesSchema = z.object({ probes: z.array(probe) });
const problemSchema = z.object({ server: z.string(), problem: z.string() });
export const probeAnswerSchema = z.object({ problems: z.array(problemSchema) });

const answerMsMax = 5_000;
/** An expected text stands within so many bytes of an answer. */
const bodyBytesMax = 65_536;

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
  const overHttp = target.http === undefined ? undefined : await pageProblem(target, target.http, request);
  if (overHttp !== undefined || target.https === undefined) return overHttp;
  return pageProblem(target, target.https, requestOverTls);
}

async function pageProblem(
  { server, address }: Probe,
  { port, path, status, text }: Page,
  over: typeof request,
): Promise<string | undefined> {
  const answered = await getOver(over, { host: address, port, path }, text !== undefined);
  const asked = `GET :${port}${path}`;
  if (answered?.status !== status)
    return `${server} answered ${answered?.status ?? 'nothing'} to ${asked}, expected ${status}`;
  return text === undefined || answered.body.includes(text)
    ? undefined
    : `${server} answered ${asked} without the text that is expected`;
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

interface Answer {
  readonly status: number | undefined;
  /** As much of it as is looked at. */
  readonly body: string;
}

/** `undefined` where there is no answer in time, or no whole one where its body is asked for. */
function getOver(
  over: typeof request,
  where: { readonly host: string; readonly port: number; readonly path: string },
  isReadToItsEnd: boolean,
): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const asked = over({ ...where, method: 'GET' }, (answer) => {
      const chunks: Buffer[] = [];
      let length = 0;
      const end = () => {
        resolve({ status: answer.statusCode, body: Buffer.concat(chunks).toString() });
        asked.destroy();
      };
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > bodyBytesMax) end();
      });
      answer.once('end', end);
      if (!isReadToItsEnd) end();
    });
    const timer = setTimeout(() => asked.destroy(new Error('no answer')), answerMsMax);
    asked.once('error', () => resolve(undefined));
    asked.once('close', () => {
      clearTimeout(timer);
      resolve(undefined);
    });
    asked.end();
  });
}

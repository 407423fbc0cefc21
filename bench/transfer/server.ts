import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { EBSClient } from '@aws-sdk/client-ebs';
import { HttpRequest } from '@smithy/core/protocols';
import { BlockEnd, type EndOptions } from './end.ts';
import type { Certificate } from './certificate.ts';

/** Started as a process of its own, told what it is by its first message, and answers with its port. */
process.once('message', (message) => {
  const { certificate, options } = message as { certificate: Certificate; options: EndOptions };
  const end = new BlockEnd(options, Date.now);
  const server = createServer({ ...certificate, keepAliveTimeout: 60_000 }, (request, response) => {
    const answer = async () => {
      const body = await buffer(request);
      const { method = 'GET', url = '/', headers } = request;
      if (!(await isSigned(method, url, headers as Record<string, string>))) {
        response.writeHead(403, { 'x-amzn-errortype': 'InvalidSignatureException' }).end('{}');
        return;
      }
      const { status, headers: own, body: bytes } = end.answer(method, url, headers, body);
      response.writeHead(status, { ...own, 'content-length': bytes.length }).end(bytes);
    };
    answer().catch(() => response.destroy());
  });
  process.on('message', () => process.send?.({ requests: end.requests }));
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
});

/** Of the credentials that both processes have. */
const signer = new EBSClient({ region: process.env['AWS_REGION'] ?? '' }).config.signer();

async function isSigned(method: string, target: string, headers: Record<string, string>): Promise<boolean> {
  const { authorization = '', 'x-amz-date': date = '' } = headers;
  const [, names = ''] = /SignedHeaders=([^,]+)/.exec(authorization) ?? [];
  const url = new URL(target, 'https://ebs');
  const signed = Object.fromEntries(names.split(';').map((name) => [name, headers[name] ?? '']));
  const request = new HttpRequest({
    method,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: signed,
  });
  const [year, month, day, hour, minute, second] = date.match(/\d\d/g)?.slice(1) ?? [];
  const signingDate = new Date(`20${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const [, signingRegion = ''] = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(authorization) ?? [];
  const again = await (await signer).sign(request, { signingDate, signingRegion });
  return again.headers.authorization === authorization;
}

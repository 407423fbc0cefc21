import { NotModelled } from '../service.ts';
import { type Client, type Codec, type Decoded, withId } from './codec.ts';
import { restXml } from './rest-xml.ts';
import type { WireRequest } from './wire.ts';
import { element, escaped, xmlDocument } from './xml.ts';

/** `<bucket>.s3.<region>.amazonaws.com`: the bucket is a part of the host, as clients of AWS have it. */
const virtualHost = /^(.+)\.s3[.-][\w.-]*amazonaws\.com$/;

/** REST with XML, for S3: buckets stand before the paths of its schemas, and its errors in no envelope. @source S3 user guide, virtual hosting of buckets */
export function s3RestXml(client: Client, namespace: string): Codec {
  const rest = restXml(client, namespace);
  return {
    decode(request): Decoded {
      const { bucket, path } = placeOf(request);
      const { operation, input } = rest.decode({ ...request, path });
      return { operation, input: { Bucket: bucket, ...input } };
    },
    encode: rest.encode,
    encodeError({ code, message, status }, requestId) {
      const fields = [
        element('Code', escaped(code)),
        element('Message', escaped(message)),
        element('RequestId', requestId),
      ];
      const body = xmlDocument(element('Error', fields.join('')));
      return withId({ status, headers: { 'content-type': 'application/xml' }, body }, requestId);
    },
  };
}

/** A client of an address instead of a name has the bucket in the path: `http://127.0.0.1:4566/<bucket>/<key>`. */
function placeOf({ hostname, path }: Pick<WireRequest, 'hostname' | 'path'>): { bucket: string; path: string } {
  const [, bucket] = virtualHost.exec(hostname) ?? [];
  if (bucket !== undefined) return { bucket, path };
  const [, first, rest] = /^\/([^/?]+)(\/.*)$/.exec(path) ?? [];
  if (first === undefined || rest === undefined) throw new NotModelled(`the S3 request for ${path} without a bucket`);
  return { bucket: decodeURIComponent(first), path: rest };
}

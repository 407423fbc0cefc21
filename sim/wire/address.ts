import type { WireRequest } from './wire.ts';

/** Which service of which Region a request is for. */
export interface Address {
  /** The endpoint's prefix, which is also the name it is signed for: `states`, `monitoring`. */
  readonly endpoint: string;
  readonly region: string;
}

/** Global services, and the Region of their control plane, whichever Region a client is set to. */
const globalEndpoints = new Set(['iam', 'route53']);
const globalRegion = 'us-east-1';

const scopePattern = /Credential=[^,\s]+\/\d{8}\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request/;
const regionPattern = /^[a-z]{2}(-[a-z]+)+-\d+$/;

/** The scope of the signature says it on every host, also on a loopback address; else the host's name does. */
export function addressOf({ headers, hostname }: WireRequest): Address {
  const labels = hostname.split('.');
  const [, signedRegion, signedEndpoint] = scopePattern.exec(headers['authorization'] ?? '') ?? [];
  const endpoint = signedEndpoint ?? labels[0] ?? '';
  const region = signedRegion ?? labels.find((label) => regionPattern.test(label));
  return { endpoint, region: region === undefined || globalEndpoints.has(endpoint) ? globalRegion : region };
}

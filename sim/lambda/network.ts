import { isIP } from 'node:net';
import type { Cloud } from '../cloud.ts';

/** An HTTP request as it leaves a function or a test. */
export interface OutgoingRequest {
  readonly method: string;
  readonly hostname: string;
  /** With its query string. */
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  /** ARN of the role whose credentials signed it, where it is known. */
  readonly role?: string;
}

export interface IncomingAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** A server as the network sees it. */
export interface Listener {
  readonly instanceId: string;
  readonly listens: readonly number[];
  readonly healthPath?: string;
  readonly serving: boolean;
}

/** The faults this part asks for; each is optional. */
export interface LambdaFaults {
  isSilent?(region: string): boolean;
  /** Whether the function's instance dies now, before or after a call of its own. */
  crash?(functionName: string, moment?: 'before' | 'after'): unknown;
}

interface Outside {
  dispatch(request: OutgoingRequest): Promise<IncomingAnswer>;
  readonly faults?: LambdaFaults;
  readonly regions?: readonly string[] | (() => readonly string[]);
}

/** What an attempt to reach a port meets. */
export type Reach = { kind: 'listens'; listener: Listener } | { kind: 'refused' } | { kind: 'never' };

/** The network as one function instance sees it. A dead instance reaches nothing and hears nothing. */
export interface Network {
  /** Whether the first packet comes back at all. */
  reach(hostname: string, port: number): Reach | { kind: 'aws' };
  send(request: OutgoingRequest): Promise<IncomingAnswer>;
}

/** What a network needs to know about the instance it belongs to. */
export interface Owner {
  readonly region: string;
  readonly role: string;
  readonly functionName: string;
  dead: boolean;
  die(): void;
}

const never = new Promise<never>(() => {});

/** Faults of the cloud, or none where it has none. */
export function faultsOf(cloud: Cloud): LambdaFaults {
  return (cloud as unknown as Outside).faults ?? {};
}

/** Whether a Region answers nothing at present. */
export function isSilent(cloud: Cloud, region: string): boolean {
  return faultsOf(cloud).isSilent?.(region) === true;
}

/** The Region an AWS endpoint belongs to, or `undefined` for a global one. */
function regionOf(hostname: string): string | undefined {
  return /\b([a-z]{2}(?:-[a-z]+)+-\d)\b/.exec(hostname)?.[1];
}

/** The simulated network, seen from an instance in a Region. */
export function networkOf(cloud: Cloud, owner: Owner): Network {
  const outside = cloud as unknown as Outside;
  const crashes = (moment: 'before' | 'after') => {
    const answer = faultsOf(cloud).crash?.(owner.functionName, moment);
    if (answer !== true && answer !== moment) return false;
    owner.die();
    return true;
  };
  return {
    reach(hostname, port) {
      if (owner.dead) return { kind: 'never' };
      if (isIP(hostname) !== 0) return reachServer(cloud, owner.region, hostname, port);
      const region = regionOf(hostname);
      return region !== undefined && isSilent(cloud, region) ? { kind: 'never' } : { kind: 'aws' };
    },
    async send(request) {
      if (owner.dead || crashes('before')) return never;
      const answer = await outside.dispatch({ ...request, role: owner.role });
      if (owner.dead || crashes('after')) return never;
      return answer;
    },
  };
}

function reachServer(cloud: Cloud, from: string, address: string, port: number): Reach {
  const found = lookUp(cloud, from, address);
  if (found === undefined || isSilent(cloud, found.region)) return { kind: 'never' };
  const { listener } = found;
  return listener.serving && listener.listens.includes(port) ? { kind: 'listens', listener } : { kind: 'refused' };
}

function lookUp(cloud: Cloud, from: string, address: string): { region: string; listener: Listener } | undefined {
  const known = (cloud as unknown as Outside).regions ?? [];
  const others = isPrivate(address) ? [] : typeof known === 'function' ? known.call(cloud) : known;
  for (const region of new Set([from, ...others])) {
    const { ec2 } = cloud.services(region) as unknown as {
      ec2?: { instanceAt?(address: string): Listener | undefined };
    };
    const listener = ec2?.instanceAt?.(address);
    if (listener !== undefined) return { region, listener };
  }
  return undefined;
}

function isPrivate(address: string): boolean {
  return /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(address);
}

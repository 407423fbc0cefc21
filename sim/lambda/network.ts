import { isIP } from 'node:net';
import type { Cloud } from '../cloud.ts';
import type { Listening } from '../ec2/ec2.ts';
import { NotModelled } from '../service.ts';
import type { WireRequest, WireResponse } from '../wire/wire.ts';

/** What an attempt to reach a port meets. */
export type Reach =
  | { kind: 'listens'; listener: Listening }
  | { kind: 'refused' }
  | { kind: 'never' }
  /** DNS knows no such name. */
  | { kind: 'nameless' };

/** The network as one function instance sees it. A dead instance reaches nothing and hears nothing. */
export interface Network {
  /** Whether the first packet comes back at all. */
  reach(hostname: string, port: number): Reach | { kind: 'aws' };
  send(request: WireRequest): Promise<WireResponse>;
  /** The error for what is not modelled, noted in the cloud: the function may catch it. */
  refuse(what: string): NotModelled;
}

/** What a network needs to know about the instance it belongs to. */
export interface Owner {
  readonly region: string;
  readonly role: string;
  readonly functionName: string;
  /** Inside a VPC: reaches private addresses, and no AWS endpoint, since a VPC has none of its own. */
  readonly isInVpc: boolean;
  /** Request id of the invocation that is being served. */
  invocation: string;
  dead: boolean;
  die(): void;
}

/** A promise of its own for every wait: one shared by all would keep everything that ever waited. */
const never = () => new Promise<never>(() => {});

/** The Region an AWS endpoint belongs to, or `undefined` for a global one. */
function regionOf(hostname: string): string | undefined {
  return /\b([a-z]{2}(?:-[a-z]+)+-\d)\b/.exec(hostname)?.[1];
}

/** The simulated network, seen from an instance in a Region. */
export function networkOf(cloud: Cloud, owner: Owner): Network {
  const crashes = (moment: 'before' | 'after') => {
    if (!cloud.faults.crashes(owner.functionName, moment)) return false;
    owner.die();
    return true;
  };
  return {
    reach(hostname, port) {
      if (owner.dead) return { kind: 'never' };
      if (isIP(hostname) !== 0) return reachServer(cloud, owner, hostname, port);
      if (!isOfAws(hostname)) return reachByName(cloud, owner, hostname, port);
      const region = regionOf(hostname);
      const isOut = owner.isInVpc || (region !== undefined && cloud.faults.isSilent(region));
      return isOut ? { kind: 'never' } : { kind: 'aws' };
    },
    refuse(what) {
      const error = new NotModelled(`${what} in a Lambda function`);
      cloud.notModelled.push(error.message);
      return error;
    },
    async send(request) {
      if (owner.dead || crashes('before')) return never();
      const answer = await cloud.dispatch({
        ...request,
        role: owner.role,
        invocation: `${owner.functionName}/${owner.invocation}`,
      });
      if (owner.dead || crashes('after')) return never();
      return answer;
    },
  };
}

function isOfAws(hostname: string): boolean {
  return /\.(amazonaws\.com|aws)$/.test(hostname);
}

/** The first address that DNS answers; it answers while Regions are silent. */
function reachByName(cloud: Cloud, owner: Owner, hostname: string, port: number): Reach {
  const [address] = cloud.services(owner.region).route53.resolve(hostname, 'A')?.values ?? [];
  return address === undefined ? { kind: 'nameless' } : reachServer(cloud, owner, address, port);
}

/** Private addresses are reached from inside the VPC only, public ones from outside only (a VPC has no NAT of its own). */
function reachServer(cloud: Cloud, owner: Owner, address: string, port: number): Reach {
  if (isPrivate(address) !== owner.isInVpc) return { kind: 'never' };
  const regions = isPrivate(address) ? [owner.region] : cloud.regions;
  for (const region of regions) {
    const listener = cloud.services(region).ec2.instanceAt(address);
    if (listener === undefined) continue;
    // Where no group lets it in, a packet is dropped without a word.
    if (cloud.faults.isSilent(region) || !listener.isOpen) break;
    return listener.serving && listener.listens.includes(port) ? { kind: 'listens', listener } : { kind: 'refused' };
  }
  return { kind: 'never' };
}

function isPrivate(address: string): boolean {
  return /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(address);
}

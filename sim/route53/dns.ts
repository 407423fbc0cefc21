import { isIPv4 } from 'node:net';
import type { RRType } from '@aws-sdk/client-route-53';
import type { Random } from '../random.ts';
import type { Records } from './change-batch.ts';
import { answering, isOfGroup } from './record-group.ts';
import { type AliasTarget, nameOf, type ZoneRecord } from './record-set.ts';

/** What DNS servers answer. */
export interface DnsAnswer {
  readonly values: readonly string[];
  readonly ttlSeconds: number;
}

/** A zone as DNS servers know it. */
export interface ServedZone {
  readonly id: string;
  readonly name: string;
  readonly isPrivate: boolean;
  readonly served: Records;
}

/** Something outside of the zones that an alias can lead to, such as a load balancer: its own hosted zone id, its name and its addresses. */
export interface LoadBalancer {
  readonly zone: string;
  readonly name: string;
  readonly addresses: readonly string[];
  readonly isHealthy?: boolean;
}

const HOPS_MAX = 8;
/** @source Route 53 developer guide, choosing between alias and non-alias records: TTL of an alias of a load balancer */
const LOAD_BALANCER_TTL_SECONDS = 60;

/** The DNS servers of all zones. */
export class DnsServers {
  readonly #zones: () => readonly ServedZone[];
  readonly #isCheckHealthy: (healthCheck: string) => boolean;
  readonly #loadBalancers = new Map<string, LoadBalancer>();
  readonly #random: Random;

  constructor(zones: () => readonly ServedZone[], isCheckHealthy: (healthCheck: string) => boolean, random: Random) {
    this.#zones = zones;
    this.#isCheckHealthy = isCheckHealthy;
    this.#random = random;
  }

  /** Adds it, or changes what it is. */
  addLoadBalancer(balancer: LoadBalancer): void {
    this.#loadBalancers.set(`${balancer.zone} ${nameOf(balancer.name)}`, balancer);
  }

  loadBalancer({ zone, name }: Pick<AliasTarget, 'zone' | 'name'>): LoadBalancer | undefined {
    return this.#loadBalancers.get(`${zone} ${name}`);
  }

  /**
   * What is answered to one question, CNAMEs and aliases followed; `undefined` where there is no such record. A private zone goes before a public one,
   * unless a zone is named.
   */
  resolve(name: string, type: RRType, zone?: string): DnsAnswer | undefined {
    let asked = nameOf(name);
    let ttlSeconds = Number.POSITIVE_INFINITY;
    for (let hop = 0; hop < HOPS_MAX; hop += 1) {
      const served = this.#zoneOf(asked, zone)?.served;
      if (served === undefined) return undefined;
      const records = this.#answering(served, asked, type);
      const [record] = records.length > 0 ? records : this.#answering(served, asked, 'CNAME');
      if (record === undefined) return undefined;
      if (record.alias !== undefined) {
        const balancer = this.loadBalancer(record.alias);
        if (balancer !== undefined) {
          const values = balancer.addresses.filter((address) => isIPv4(address) === (type === 'A'));
          return { values, ttlSeconds: Math.min(ttlSeconds, LOAD_BALANCER_TTL_SECONDS) };
        }
        asked = record.alias.name;
        continue;
      }
      ttlSeconds = Math.min(ttlSeconds, record.ttlSeconds ?? Number.POSITIVE_INFINITY);
      if (record.type === type) return { values: records.flatMap(({ values }) => values), ttlSeconds };
      asked = nameOf(record.values[0] ?? '');
    }
    return undefined;
  }

  #answering(served: Records, name: string, type: RRType): readonly ZoneRecord[] {
    const group = [...served.values()].filter(isOfGroup({ name, type }));
    return answering(group, (record) => this.#isHealthy(served, record), this.#random);
  }

  /** An alias that evaluates health is as healthy as the load balancer, or as any record that it leads to. */
  #isHealthy(served: Records, { healthCheck, alias, type }: ZoneRecord, hops = 0): boolean {
    if (healthCheck !== undefined && !this.#isCheckHealthy(healthCheck)) return false;
    if (alias?.evaluatesHealth !== true || hops >= HOPS_MAX) return true;
    const balancer = this.loadBalancer(alias);
    if (balancer !== undefined) return balancer.isHealthy !== false;
    const targets = [...served.values()].filter(isOfGroup({ name: alias.name, type }));
    return targets.some((target) => this.#isHealthy(served, target, hops + 1));
  }

  #zoneOf(name: string, id: string | undefined): ServedZone | undefined {
    return this.#zones()
      .filter((zone) => name === zone.name || name.endsWith(`.${zone.name}`))
      .filter((zone) => id === undefined || zone.id === id)
      .sort((one, other) => Number(other.isPrivate) - Number(one.isPrivate) || other.name.length - one.name.length)[0];
  }
}

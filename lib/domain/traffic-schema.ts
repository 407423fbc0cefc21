import type * as z from 'zod';
import { duration, fields, listOf, mapOf, name, oneOf, region, text } from './fields.ts';
import type { Plan, TrafficRecord } from './plan.ts';
import { recordTypes } from './record-set.ts';

const zone = text(/^Z[A-Z0-9]{1,31}$/, 'is not a hosted zone id. Write it like "Z0123456789ABCDEFGHIJ".');
const dnsName = text(/^([a-z0-9_*-]+\.)+[a-z0-9-]+\.?$/, 'is not a DNS name. Write it like "shop.example.com".');
const value = text(/^[\x21-\x7e]{1,255}$/, 'is not a value of a record. Write an address or a DNS name.');
/** @source Route 53 API reference, ResourceRecordSet: 1 to 128 characters */
const set = text(/^[\x20-\x7e]{1,128}$/, 'is not a set identifier. Write 1 to 128 ASCII letters, digits and signs.');

/** @source service authorization reference, Route 53 Recovery Cluster: resource types */
const control = text(
  /^arn:aws[a-z-]*:route53-recovery-control::\d{12}:controlpanel\/[0-9a-f]+\/routingcontrol\/[0-9a-f]+$/,
  'is not the ARN of a routing control. Write it like "arn:aws:route53-recovery-control::123456789012:controlpanel/0123456789abcdef0123456789abcdef/routingcontrol/0123456789abcdef".',
);
const endpoint = text(
  /^https:\/\/[a-z0-9-]+\.route53-recovery-cluster\.[a-z0-9-]+\.amazonaws\.com\/v1$/,
  'is not an endpoint of a cluster. Write it like "https://0123abcd.route53-recovery-cluster.us-west-2.amazonaws.com/v1".',
);

const ofSites = <Of extends z.ZodType>(of: Of) => fields({ primary: of, recovery: of });

/** What a plan file writes of a record, or of routing controls. The rules of `traffic-rules.ts` and `control-rules.ts` say which of its fields go together. */
export const trafficSchema = fields({
  zone: zone.exactOptional(),
  name: dnsName.exactOptional(),
  type: oneOf(...recordTypes).exactOptional(),
  set: set.exactOptional(),
  ttl: duration.exactOptional(),
  server: name.exactOptional(),
  address: oneOf('public', 'private').exactOptional(),
  values: ofSites(listOf(value, 'value')).exactOptional(),
  alias: ofSites(fields({ zone, name: dnsName })).exactOptional(),
  weighted: ofSites(set).exactOptional(),
  failover: ofSites(set).exactOptional(),
  routingControls: fields({ primary: control.exactOptional(), recovery: control.exactOptional() }).exactOptional(),
  endpoints: mapOf(region, endpoint).exactOptional(),
});
type Written = z.output<typeof trafficSchema>;

/** @param written what has kept every rule */
export function toTraffic(written: Written): Plan['traffic'][number] {
  const { routingControls, endpoints = {} } = written;
  return routingControls === undefined ? toRecord(written) : { routingControls, endpoints };
}

function toRecord(written: Written): TrafficRecord {
  const { zone: inZone = '', name: called = '', type = 'A', set: one, ttl, server, address, values, alias } = written;
  const { weighted, failover } = written;
  const any = { zone: inZone, name: called, type };
  if (weighted !== undefined) return { ...any, weighted };
  if (failover !== undefined) return { ...any, failover };
  const of = {
    ...any,
    ...(one === undefined ? {} : { set: one }),
    ...(ttl === undefined ? {} : { ttlSeconds: ttl }),
  };
  if (values !== undefined) return { ...of, values };
  if (alias !== undefined) return { ...of, alias };
  return { ...of, server: server ?? '', address: address ?? 'public' };
}

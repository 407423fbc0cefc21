import type * as z from 'zod';
import { duration, fields, listOf, name, oneOf, text } from './fields.ts';
import type { TrafficRecord } from './plan.ts';
import { recordTypes } from './record-set.ts';

const zone = text(/^Z[A-Z0-9]{1,31}$/, 'is not a hosted zone id. Write it like "Z0123456789ABCDEFGHIJ".');
const dnsName = text(/^([a-z0-9_*-]+\.)+[a-z0-9-]+\.?$/, 'is not a DNS name. Write it like "shop.example.com".');
const value = text(/^[\x21-\x7e]{1,255}$/, 'is not a value of a record. Write an address or a DNS name.');
/** @source Route 53 API reference, ResourceRecordSet: 1 to 128 characters */
const set = text(/^[\x20-\x7e]{1,128}$/, 'is not a set identifier. Write 1 to 128 ASCII letters, digits and signs.');

const ofSites = <Of extends z.ZodType>(of: Of) => fields({ primary: of, recovery: of });

/** A record as a plan file writes it. The rules of `traffic-rules.ts` say which of its fields go together. */
export const recordSchema = fields({
  zone,
  name: dnsName,
  type: oneOf(...recordTypes),
  set: set.exactOptional(),
  ttl: duration.exactOptional(),
  server: name.exactOptional(),
  address: oneOf('public', 'private').exactOptional(),
  values: ofSites(listOf(value, 'value')).exactOptional(),
  alias: ofSites(fields({ zone, name: dnsName })).exactOptional(),
  weighted: ofSites(set).exactOptional(),
  failover: ofSites(set).exactOptional(),
});

/** @param written what has kept every rule */
export function toRecord(written: z.output<typeof recordSchema>): TrafficRecord {
  const { zone: inZone, name: called, type, set: one, ttl, server, address, values, alias } = written;
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

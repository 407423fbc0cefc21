import type { RecordedCall } from '../../sim/call-record.ts';
import type { SimulatedCloud } from '../../sim/create-cloud.ts';
import { ebsMappings } from './ebs-requests.ts';
import { ec2Mappings } from './ec2-requests.ts';
import { Held } from './held.ts';
import type { Context, IamRequest } from './request.ts';
import { serviceMappings } from './service-requests.ts';

/** `undefined`: AWS answers before it asks IAM. */
type Mapping = (input: never, held: Held) => IamRequest[] | undefined;

const mappings: Readonly<Record<string, Readonly<Record<string, Mapping>>>> = {
  ec2: ec2Mappings,
  ebs: ebsMappings,
  ...serviceMappings,
};

/**
 * What AWS asks IAM when the call arrives, by what the cloud holds at that moment: one request for each action and resource.
 * @throws Error when the call has no mapping: a right that nobody thought about
 */
export function requestsOf(call: RecordedCall, cloud: SimulatedCloud): IamRequest[] {
  const { service, operation, region } = call;
  const mapping = mappings[service]?.[operation];
  if (mapping === undefined)
    throw new Error(`It is not known what AWS asks IAM for ${service} ${operation}. Map it in proof/rights.`);
  const asked = mapping(call.input as never, new Held(cloud, region));
  if (asked === undefined) return [];
  const requests = asked.length > 0 ? asked : [{ action: `${service}:${operation}`, resource: '*', context: {} }];
  return requests.map((request) => ({ ...request, context: { ...request.context, ...everywhere(request, region) } }));
}

/** Values that every request of a call has. EC2 has a key of its own for the Region. */
function everywhere({ action }: IamRequest, region: string): Context {
  const isEc2 = action.startsWith('ec2:');
  return { 'aws:RequestedRegion': region, 'aws:SecureTransport': 'true', ...(isEc2 ? { 'ec2:Region': region } : {}) };
}

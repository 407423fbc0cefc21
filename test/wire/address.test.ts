import { describe, expect, it } from 'vitest';
import { addressOf } from '../../sim/wire/address.ts';

const request = (hostname: string, authorization?: string) => ({
  method: 'POST',
  hostname,
  path: '/',
  headers: authorization === undefined ? {} : { authorization },
  body: new Uint8Array(),
});

describe('the address of a request', () => {
  it('is what it was signed for, whichever host it was sent to', () => {
    const signed = 'AWS4-HMAC-SHA256 Credential=AKID/20260105/eu-west-1/monitoring/aws4_request, SignedHeaders=host';
    expect(addressOf(request('127.0.0.1', signed))).toEqual({ endpoint: 'monitoring', region: 'eu-west-1' });
    expect(addressOf(request('ec2.us-west-2.amazonaws.com', signed))).toMatchObject({ region: 'eu-west-1' });
  });

  it.each([
    ['ec2.us-west-2.amazonaws.com', 'ec2', 'us-west-2'],
    ['ec2.us-gov-west-1.api.aws', 'ec2', 'us-gov-west-1'],
    ['route53.amazonaws.com', 'route53', 'us-east-1'],
  ])('is what the host %s says where there is no signature', (hostname, endpoint, region) => {
    expect(addressOf(request(hostname))).toEqual({ endpoint, region });
  });
});

import { describe, expect, it } from 'vitest';
import { isolationFaults } from '../../lib/domain/fence.ts';
import { type KeyFacts, keyFault, keyFindings } from '../../lib/domain/key.ts';

const arn = (id: string) => `arn:aws:kms:eu-central-1:123456789012:key/${id}`;
const key = (more: Partial<KeyFacts> = {}): KeyFacts => ({
  ...{ arn: arn('a'), state: 'Enabled', spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT' },
  ...more,
});

describe('a key', () => {
  it.each<[key: KeyFacts | undefined, fault: RegExp]>([
    [undefined, /^does not exist$/],
    [key({ state: 'Disabled' }), /^is disabled: enable it$/],
    [key({ state: 'PendingDeletion' }), /^is going to be deleted: cancel that/],
    [key({ state: 'PendingReplicaDeletion' }), /^is going to be deleted with its replicas/],
    [key({ state: 'PendingImport' }), /^has no key material/],
    [key({ state: 'Unavailable' }), /^is Unavailable: make it usable again$/],
    [key({ spec: 'RSA_4096', usage: 'SIGN_VERIFY' }), /^is of spec RSA_4096 for SIGN_VERIFY, and volumes need/],
    [key({ spec: 'HMAC_256', usage: 'GENERATE_VERIFY_MAC', state: 'Disabled' }), /^is of spec HMAC_256/],
    [key({ spec: 'RSA_4096' }), /^is of spec RSA_4096 for ENCRYPT_DECRYPT/],
  ])('%o cannot be used, and it is said why', (found, fault) => {
    expect(keyFault(found)).toMatch(fault);
  });

  it('can be used while it is enabled, or its primary Region changes', () => {
    expect([keyFault(key()), keyFault(key({ state: 'Updating' }))]).toEqual([undefined, undefined]);
  });
});

describe('keys', () => {
  const off = key({ state: 'Disabled' });
  const copies = new Map([
    ['db', new Set([arn('a'), arn('b')])],
    ['files', new Set([arn('a')])],
    ['web', new Set<string>()],
  ]);

  it('stand in the way once for all servers whose copies are under one', () => {
    const keys = new Map([
      [arn('a'), off],
      [arn('b'), key({ arn: arn('b') })],
    ]);
    expect(keyFindings(copies, arn('a'), keys)).toEqual({
      ofCopies: [`key ${arn('a')} of the copies of server db, files is disabled: enable it`],
      ofPlan: [],
    });
  });

  it('are no finding where they could not be looked at', () => {
    expect(keyFindings(copies, arn('c'), new Map())).toEqual({ ofCopies: [], ofPlan: [] });
  });

  it('of the plan are told apart where no copy is under them, by whichever name', () => {
    const alias = 'arn:aws:kms:eu-central-1:123456789012:alias/shop';
    const found = (own: KeyFacts | undefined) => keyFindings(copies, alias, new Map([[alias, own]])).ofPlan;
    expect(found(undefined)).toEqual([`key ${alias} of the plan, for copies to come, does not exist`]);
    expect(found(key({ arn: arn('c'), state: 'Disabled' }))).toEqual([expect.stringContaining('is disabled')]);
    expect(found(off)).toEqual([]);
    expect(keyFindings(copies, undefined, new Map([[arn('a'), off]])).ofPlan).toEqual([]);
  });
});

it('groups isolate only where they are there, in the network of every server, and closed', () => {
  const vpcs = new Map([
    ['db', 'vpc-0'],
    ['web', 'vpc-1'],
  ]);
  const faults = (group: { vpc: string; hasRules: boolean } | undefined, of = vpcs) =>
    isolationFaults('eu-west-1', new Map([['sg-1', group]]), of);
  expect(faults(undefined)).toEqual([
    'isolation group sg-1 does not exist in eu-west-1: make one without any rule, and name it',
  ]);
  expect(faults({ vpc: 'vpc-0', hasRules: true })).toEqual([
    'isolation group sg-1 is in vpc-0, and server web is not',
    'isolation group sg-1 lets something in or out: take all rules from it, also the one for outgoing traffic',
  ]);
  expect(faults({ vpc: 'vpc-0', hasRules: false }, new Map([['db', 'vpc-0']]))).toEqual([]);
});

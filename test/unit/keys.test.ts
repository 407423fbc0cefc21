import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isolationFaults } from '../../lib/domain/fence.ts';
import { type KeyFacts, keyFault, keyFindings, type Keys } from '../../lib/domain/key.ts';
import { formatProblem } from '../../lib/plan-file/document.ts';
import { readPlanFile } from '../../lib/plan-file/read.ts';

const shop = readFileSync(new URL('../../examples/shop.yaml', import.meta.url), 'utf8');

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
    expect(keyFindings(copies, { key: arn('a') }, keys)).toEqual({
      ofCopies: [`key ${arn('a')} of the copies of server db, files is disabled: enable it`],
      ofPlan: [],
      unnamed: [],
    });
  });

  it('that could not be looked at are a finding where the plan names them not', () => {
    const named = { key: arn('a'), formerKeys: [arn('b')] };
    expect(keyFindings(copies, named, new Map())).toEqual({ ofCopies: [], ofPlan: [], unnamed: [] });
    const { unnamed } = keyFindings(copies, { key: arn('a') }, new Map());
    expect(unnamed).toEqual([
      `key ${arn('b')} of the copies of server db is none of the plan's, so nothing may be launched from them: put it under recovery.formerKeys, and deploy`,
    ]);
    // One that was seen may be used for some reason, and without a key of its own the plan may use all.
    expect(keyFindings(copies, { key: arn('a') }, new Map([[arn('b'), key()]])).unnamed).toEqual([]);
    expect(keyFindings(copies, { formerKeys: [arn('c')] }, new Map()).unnamed).toEqual([]);
  });

  it("that an alias leads to are the plan's, as may be any where it could not be looked at", () => {
    const alias = 'arn:aws:kms:eu-central-1:123456789012:alias/shop';
    const unnamed = (keys: Keys) => keyFindings(copies, { key: alias }, keys).unnamed;
    expect(unnamed(new Map())).toEqual([]);
    expect(unnamed(new Map([[alias, key()]]))).toEqual([expect.stringMatching(/key\/b of the copies of server db is/)]);
  });

  it('of the plan are told apart where no copy is under them, by whichever name', () => {
    const alias = 'arn:aws:kms:eu-central-1:123456789012:alias/shop';
    const found = (own: KeyFacts | undefined) => keyFindings(copies, { key: alias }, new Map([[alias, own]])).ofPlan;
    expect(found(undefined)).toEqual([`key ${alias} of the plan, for copies to come, does not exist`]);
    expect(found(key({ arn: arn('c'), state: 'Disabled' }))).toEqual([expect.stringContaining('is disabled')]);
    expect(found(off)).toEqual([]);
    expect(keyFindings(copies, {}, new Map([[arn('a'), off]])).ofPlan).toEqual([]);
  });
});

describe('former keys of a plan', () => {
  const [own = ''] = /arn:aws:kms\S+/.exec(shop) ?? [];
  const elsewhere = arn('a').replace('eu-central-1', 'eu-west-1');
  const reading = (...keys: string[]) =>
    readPlanFile('homeward.yaml', shop.replace('      subnets:', `      formerKeys: [${keys.join()}]\n      subnets:`));

  it('are read beside the present one, which they are not, each once, and of the recovery Region', () => {
    expect(reading(arn('a'), arn('b'))).toMatchObject({
      value: [{ recovery: { key: own, formerKeys: [arn('a'), arn('b')] } }],
    });
    const wrong = reading(elsewhere, own, arn('a'), arn('a'));
    const field = 'homeward.yaml:9: plans.shop.recovery.formerKeys';
    expect(wrong.kind === 'wrong' && wrong.problems.map(formatProblem)).toEqual([
      `${field}.0: "${elsewhere}" is not a key of eu-central-1. Name a key that copies in the recovery Region are under.`,
      `${field}.1: "${own}" is recovery.key. Name keys that copies were made under before it.`,
      `${field}.3: "${arn('a')}" is written twice. Name each key once.`,
    ]);
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

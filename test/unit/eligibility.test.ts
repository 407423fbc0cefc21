import { describe, expect, it } from 'vitest';
import { type Origin, refusalsOf } from '../../lib/domain/eligibility.ts';

const plain: Origin = {
  state: 'running',
  lifecycle: null,
  autoScalingGroup: null,
  rootDeviceType: 'ebs',
  isHibernationOn: false,
  usageOperation: 'RunInstances',
  platform: 'Linux/UNIX',
  productCodes: [],
  instanceType: 'm7g.large',
  hasLocalDisks: false,
  virtualization: 'hvm',
  tenancy: 'default',
  interfaces: [{ deviceIndex: 0, type: 'interface', networkCard: 0 }],
  secondaryInterfaces: 0,
  losesPublicAddress: false,
};
const strict = { ignoresLocalDisks: false, publicRecords: [] };

describe('which servers are protected', () => {
  it.each(['running', 'stopped', 'stopping', 'pending'])('a Linux server on demand, %s', (state) => {
    expect(refusalsOf({ ...plain, state }, strict)).toEqual([]);
  });

  it('one whose local disks hold nothing worth keeping, when the plan says so', () => {
    const withDisks = { ...plain, instanceType: 'm7gd.large', hasLocalDisks: true };
    expect(refusalsOf(withDisks, { ...strict, ignoresLocalDisks: true })).toEqual([]);
    expect(refusalsOf(withDisks, strict)).toEqual([expect.stringContaining('ignoreLocalDisks: true')]);
  });

  const interfaceOf = (deviceIndex: number, type = 'interface', networkCard = 0) => ({
    deviceIndex,
    type,
    networkCard,
  });

  it('one with several network interfaces that a launch can ask for', () => {
    const interfaces = [interfaceOf(0), interfaceOf(1), interfaceOf(2, 'efa')];
    expect(refusalsOf({ ...plain, interfaces }, strict)).toEqual([]);
  });

  it.each([
    [{ interfaces: [interfaceOf(0), interfaceOf(2, 'trunk')] }, 'has network interface 2 of type trunk, '],
    [{ interfaces: [interfaceOf(0), interfaceOf(1, 'efa', 1)] }, 'has network interface 1 on network card 1, '],
    [{ secondaryInterfaces: 1 }, 'has 1 interfaces in secondary networks, '],
  ])('not one with %o', (change, reason) => {
    expect(refusalsOf({ ...plain, ...change }, strict)).toEqual([expect.stringContaining(reason)]);
  });

  it('one whose public address goes for good with the next stop, but for records that lead to it', () => {
    const losing = { ...plain, interfaces: [interfaceOf(0), interfaceOf(1)], losesPublicAddress: true };
    const publicRecords = ['shop.example.com'];
    expect(refusalsOf(losing, strict)).toEqual([]);
    expect(refusalsOf({ ...losing, losesPublicAddress: false }, { ...strict, publicRecords })).toEqual([]);
    expect(refusalsOf(losing, { ...strict, publicRecords })).toEqual([
      'has 2 network interfaces, so AWS gives it no public address again once it was stopped, and shop.example.com could not lead home to it. Give it an Elastic IP',
    ]);
  });

  it('every reason is given, not only the first', () => {
    const all = {
      state: 'terminated',
      lifecycle: 'spot',
      autoScalingGroup: 'front',
      rootDeviceType: 'instance-store',
      isHibernationOn: true,
      usageOperation: 'RunInstances:0010',
      platform: 'Red Hat Enterprise Linux',
      productCodes: ['abc123'],
      instanceType: 'i4i.large',
      hasLocalDisks: true,
      virtualization: 'paravirtual',
      tenancy: 'host',
      interfaces: [interfaceOf(0), interfaceOf(1, 'trunk', 1)],
      secondaryInterfaces: 1,
      losesPublicAddress: true,
    };
    expect(refusalsOf(all, { ...strict, publicRecords: ['shop.example.com'] })).toHaveLength(14);
  });
});

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
  networkInterfaces: 1,
};
const strict = { ignoresLocalDisks: false };

describe('which servers are protected', () => {
  it.each(['running', 'stopped', 'stopping', 'pending'])('a Linux server on demand, %s', (state) => {
    expect(refusalsOf({ ...plain, state }, strict)).toEqual([]);
  });

  it('one whose local disks hold nothing worth keeping, when the plan says so', () => {
    const withDisks = { ...plain, instanceType: 'm7gd.large', hasLocalDisks: true };
    expect(refusalsOf(withDisks, { ignoresLocalDisks: true })).toEqual([]);
    expect(refusalsOf(withDisks, strict)).toEqual([expect.stringContaining('ignoreLocalDisks: true')]);
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
      networkInterfaces: 2,
    };
    expect(refusalsOf(all, strict)).toHaveLength(11);
  });
});

import { describe, expect, it } from 'vitest';
import { carriedTags, notCarriedOf, type Ties } from '../../lib/domain/carried.ts';
import { networkInterface as first } from './fixtures.ts';

const untied: Ties = {
  placementGroup: null,
  capacityReservation: null,
  licences: [],
  answersAaaa: false,
  isMigratedAtReboot: true,
  interfaces: [first],
  tags: { Name: 'db' },
};

describe('what a launch cannot give back', () => {
  it('is nothing for a plain server', () => {
    expect(notCarriedOf(untied)).toEqual([]);
  });

  it.each<[Partial<Ties>, string]>([
    [{ placementGroup: 'close' }, 'placement group close'],
    [{ capacityReservation: 'cr-1' }, 'capacity reservation cr-1'],
    [{ licences: ['arn:1', 'arn:2'] }, 'license configurations arn:1, arn:2'],
    [{ answersAaaa: true }, 'AAAA records of its resource name'],
    [{ isMigratedAtReboot: false }, 'that it is not migrated at a reboot'],
    [{ interfaces: [{ ...first, secondaryAddresses: ['10.0.0.5'] }] }, 'secondary private addresses 10.0.0.5'],
    [{ interfaces: [{ ...first, ipv6Addresses: ['2600::5'] }] }, 'IPv6 addresses 2600::5'],
    [{ interfaces: [{ ...first, type: 'efa' }] }, 'network interface of type efa'],
    [
      {
        interfaces: [
          { ...first, deleteOnTermination: true },
          { ...first, deviceIndex: 1, deleteOnTermination: false },
        ],
      },
      'that it is outlived by network interface 1',
    ],
  ])('%o is told', (change, told) => {
    expect(notCarriedOf({ ...untied, ...change })).toEqual([told]);
  });

  it('tells of the tags that AWS would not take beside those of Homeward', () => {
    const many = Object.fromEntries(Array.from({ length: 45 }, (_, index) => [`t${index}`, 'x']));
    expect(Object.keys(carriedTags(many))).toHaveLength(43);
    expect(notCarriedOf({ ...untied, tags: many })).toEqual([expect.stringMatching(/^tags t43, t44, /)]);
  });

  it('does not count tags that AWS or Homeward sets', () => {
    const tags = { 'aws:cloudformation:stack-name': 's', 'homeward:plan': 'shop', Name: 'db' };
    expect(carriedTags(tags)).toEqual({ Name: 'db' });
    expect(notCarriedOf({ ...untied, tags })).toEqual([]);
  });
});

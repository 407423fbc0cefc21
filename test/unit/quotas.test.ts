import { describe, expect, it } from 'vitest';
import { nameFindings } from '../../lib/domain/launch-names.ts';
import { demandsOf, type Load, shortOf } from '../../lib/domain/quotas.ts';
import { configuration } from './fixtures.ts';

const vcpus = new Map([
  ['m7i.large', 2],
  ['c7i.xlarge', 4],
  ['inf2.xlarge', 4],
  ['g5.xlarge', 4],
  ['gr6.4xlarge', 16],
  ['u7i-12tb.224xlarge', 896],
  ['mac2.metal', 12],
]);
const none: Load = { instanceTypes: [], volumes: [] };
const amounts = (needed: Parameters<typeof demandsOf>[0], inUse = none) =>
  demandsOf(needed, inUse, vcpus).map((demand) => [demand.quota.code, demand.needed, demand.inUse]);

describe('what a launch takes of quotas', () => {
  it('counts vCPUs by the quota of the type, beside what runs of it, and none of dedicated hosts', () => {
    const types = ['m7i.large', 'c7i.xlarge', 'inf2.xlarge', 'g5.xlarge', 'gr6.4xlarge', 'u7i-12tb.224xlarge'];
    const ladders = [...types, 'mac2.metal', '8.odd'].map((type) => [type]);
    const inUse = { instanceTypes: ['c7i.xlarge', 'c7i.xlarge', 'g5.xlarge', 'c9z.large'], volumes: [] };
    expect(amounts({ ladders, volumes: [] }, inUse)).toEqual([
      ['L-1216C47A', 6, 8],
      ['L-1945791B', 4, 0],
      ['L-DB2E81BA', 20, 4],
      ['L-43DA4232', 896, 0],
    ]);
  });

  it('counts a server as the first of its types that the Region knows, and asks of no quota for one of which it knows none', () => {
    expect(amounts({ ladders: [['m9z.large']], volumes: [] })).toEqual([]);
    const ladders = [
      ['m9z.large', 'c7i.xlarge', 'm7i.large'],
      ['m7i.large', 'c7i.xlarge'],
    ];
    expect(amounts({ ladders, volumes: [] })).toEqual([['L-1216C47A', 4 + 2, 0]]);
  });

  it('counts TiB by volume type, IOPS where a type counts those, and nothing of a type without a quota', () => {
    const volumes = [
      { volumeType: 'gp3', sizeGib: 512, iops: 16_000 },
      { volumeType: 'gp3', sizeGib: 512, iops: 3_000 },
      { volumeType: 'io2', sizeGib: 256, iops: 40_000 },
      { volumeType: 'io1', sizeGib: 512, iops: 5_000 },
      { volumeType: 'io1', sizeGib: 512, iops: null },
      { volumeType: 'new1', sizeGib: 256, iops: null },
    ];
    const inUse = {
      instanceTypes: [],
      volumes: [
        { volumeType: 'io2', sizeGib: 1_024, iops: 50_000 },
        { volumeType: 'st1', sizeGib: 9, iops: null },
      ],
    };
    expect(amounts({ ladders: [], volumes }, inUse)).toEqual([
      ['L-7A658B76', 1, 0],
      ['L-09BD8365', 0.25, 1],
      ['L-8D977E7E', 40_000, 50_000],
      ['L-FD252861', 1, 0],
      ['L-B3A130E6', 5_000, 0],
    ]);
  });
});

describe('a quota', () => {
  const [demand] = demandsOf(
    { ladders: [], volumes: [{ volumeType: 'gp3', sizeGib: 10_250, iops: 3_000 }] },
    { instanceTypes: [], volumes: [{ volumeType: 'gp3', sizeGib: 40 * 1_024, iops: 3_000 }] },
    vcpus,
  );

  it('is too small where what is in use leaves less than is needed', () => {
    if (demand === undefined) throw new Error('there is a demand');
    expect(shortOf('eu-central-1', demand, 50)).toBe(
      'quota L-7A658B76 of eu-central-1 (storage of gp3 volumes) is 50 TiB, of which 40 are in use and 10.01 more are needed: ask AWS for 51 at least (Service Quotas)',
    );
    expect(shortOf('eu-central-1', { ...demand, needed: 10 }, 50)).toBeUndefined();
  });
});

describe('what servers name', () => {
  const servers = new Map([
    ['db', { ...configuration, keyName: 'operators', instanceProfile: 'arn:db' }],
    ['web', { ...configuration, keyName: 'operators' }],
    ['files', configuration],
  ]);

  it('is missed once for all that name it', () => {
    expect(
      nameFindings(servers, 'eu-central-1', { keyPairs: new Set(), profiles: new Map([['arn:db', undefined]]) }),
    ).toEqual([
      'key pair operators of server db, web does not exist in eu-central-1: import its public key there under this name, or create one of this name',
      'instance profile arn:db of server db does not exist: create it with its role, path and name',
    ]);
  });

  it('needs a role in a profile, and is not missed where it could not be looked', () => {
    const keyPairs = new Set(['operators']);
    const profiles = new Map([['arn:db', { hasRole: false }]]);
    expect(nameFindings(servers, 'eu-central-1', { keyPairs, profiles })).toEqual([
      'instance profile arn:db of server db has no role: give it one',
    ]);
    expect(nameFindings(servers, 'eu-central-1', { keyPairs, profiles: new Map() })).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import type { LaunchSettings } from '../../lib/domain/launch-configuration.ts';
import {
  capturedInterfaces,
  mapNetwork,
  type Networks,
  placementFindings,
  publicAddressFindings,
} from '../../lib/domain/launch-network.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import { configuration, networkInterface as captured } from './fixtures.ts';

const maps = {
  subnets: { 'subnet-1': 'subnet-r1', 'subnet-2': 'subnet-r2' },
  securityGroups: { 'sg-1': 'sg-r1', 'sg-2': 'sg-r2' },
};
const second = {
  ...captured,
  deviceIndex: 1,
  subnet: 'subnet-2',
  securityGroups: ['sg-2', 'sg-1'],
  description: 'backup',
  isSourceDestChecked: false,
};

function withInterfaces(interfaces: LaunchSettings['interfaces'], isSourceDestChecked = true) {
  return { ...configuration, settings: { interfaces, isSourceDestChecked } as LaunchSettings };
}

describe('the network of a server', () => {
  const only = { deviceIndex: 0, subnet: 'subnet-r1', securityGroups: ['sg-r1'], description: '' };

  it.each([
    ['of a point without settings', configuration, true],
    ['with one interface', withInterfaces([{ ...captured, description: 'its own' }], false), false],
  ])('%s is that of the configuration', (_, of, isSourceDestChecked) => {
    expect(mapNetwork('db', of, maps)).toEqual({ interfaces: [{ ...only, isSourceDestChecked }], unmapped: [] });
  });

  it('with several has each where the plan maps it, by device index', () => {
    expect(mapNetwork('db', withInterfaces([second, captured]), maps)).toEqual({
      interfaces: [
        { ...only, isSourceDestChecked: true },
        {
          deviceIndex: 1,
          subnet: 'subnet-r2',
          securityGroups: ['sg-r2', 'sg-r1'],
          description: 'backup',
          isSourceDestChecked: false,
        },
      ],
      unmapped: [],
    });
    expect(capturedInterfaces(withInterfaces([second, captured])).map(({ deviceIndex }) => deviceIndex)).toEqual([
      0, 1,
    ]);
  });

  it('tells all that is not mapped, by server and interface', () => {
    const strange = { ...second, subnet: 'subnet-9', securityGroups: ['sg-8', 'sg-1', 'sg-9'] };
    const { interfaces, unmapped } = mapNetwork('db', withInterfaces([captured, strange]), maps);
    expect(unmapped).toEqual([
      'recovery.subnets maps no subnet for subnet-9 of interface 1 of server db',
      'recovery.securityGroups maps no group for sg-8 of interface 1 of server db',
      'recovery.securityGroups maps no group for sg-9 of interface 1 of server db',
    ]);
    expect(interfaces).toHaveLength(1);
    expect(mapNetwork('db', configuration, { subnets: {}, securityGroups: {} }).unmapped).toEqual([
      'recovery.subnets maps no subnet for subnet-1 of server db',
      'recovery.securityGroups maps no group for sg-1 of server db',
    ]);
  });
});

const networks: Networks = new Map([
  ['db', mapNetwork('db', withInterfaces([captured, second]), maps).interfaces],
  ['web', mapNetwork('web', configuration, maps).interfaces],
]);

describe('what there is in the recovery Region', () => {
  const subnets = [
    { id: 'subnet-r1', zone: 'a', vpc: 'vpc-1', freeAddresses: 2 },
    { id: 'subnet-r2', zone: 'a', vpc: 'vpc-1', freeAddresses: 1 },
  ] as const;
  const groups = ['sg-r1', 'sg-r2'].map((id) => ({ id, vpc: 'vpc-1' }));
  const [first, other] = subnets;

  it('is good enough where a server has one zone and one VPC', () => {
    expect(placementFindings(networks, { subnets, groups })).toEqual([]);
  });

  it('must hold a server in one zone', () => {
    expect(placementFindings(networks, { subnets: [first, { ...other, zone: 'b' }], groups })).toEqual([
      'the subnets of server db lie in several zones, map them into one: subnet-r1 in a, subnet-r2 in b',
    ]);
  });

  it('must hold a server in one VPC, with groups of the same', () => {
    expect(placementFindings(networks, { subnets: [first, { ...other, vpc: 'vpc-2' }], groups })).toEqual([
      'the subnets of server db lie in several VPCs, map them into one: subnet-r1 in vpc-1, subnet-r2 in vpc-2',
      'sg-r1 in vpc-1 is no security group for subnet-r2 in vpc-2, of server db',
      'sg-r2 in vpc-1 is no security group for subnet-r2 in vpc-2, of server db',
    ]);
  });

  it('is no reason for more findings where a subnet does not exist: that is told already', () => {
    expect(placementFindings(networks, { subnets: [], groups })).toEqual([]);
  });
});

describe('a server with several interfaces has no public address', () => {
  const health = { withinSeconds: 60 };
  const db = { instance: 'i-1', wave: 1, health };
  const record = { zone: 'Z1', name: 'db.example.com', type: 'A', ttlSeconds: 60, server: 'db', address: 'public' };
  const planOf = (change: object) =>
    ({ servers: { db, web: { ...db, health: { ...health, tcp: 80 } } }, traffic: [], ...change }) as unknown as Plan;

  it.each<[string, object]>([
    ['where nothing needs one', {}],
    ['where a record leads to its private address', { traffic: [{ ...record, address: 'private' }] }],
    [
      'where the plan prepares an Elastic IP',
      { traffic: [record], servers: { db: { ...db, elasticIp: 'eipalloc-1' } } },
    ],
    ['where another server needs one', { traffic: [{ ...record, server: 'web' }] }],
    ['where it is not in the plan any more', { servers: {} }],
  ])('which is no finding %s', (_, change) => {
    expect(publicAddressFindings(networks, planOf(change))).toEqual([]);
  });

  it('which a record needs', () => {
    expect(publicAddressFindings(networks, planOf({ traffic: [record] }))).toEqual([
      'server db has 2 network interfaces, so AWS gives it no public address, which it needs for db.example.com: prepare an Elastic IP as servers.db.elasticIp',
    ]);
  });

  it.each([{ tcp: 5432 }, { http: { port: 80, path: '/', status: 200 } }])('which its probe %o needs', (probe) => {
    const servers = { db: { ...db, health: { ...health, ...probe } } };
    expect(publicAddressFindings(networks, planOf({ servers }))).toEqual([
      'server db has 2 network interfaces, so AWS gives it no public address, which it needs for its probe from outside: let it be probed inside its network (probes)',
    ]);
    expect(publicAddressFindings(networks, planOf({ servers, probes: { subnets: [], securityGroups: [] } }))).toEqual(
      [],
    );
  });
});

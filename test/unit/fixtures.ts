import type { PointVolume, RecoveryPoint, Twin } from '../../lib/domain/catalogue.ts';
import type { LaunchConfiguration } from '../../lib/domain/launch-configuration.ts';

export const configuration: LaunchConfiguration = {
  instance: 'i-00000001',
  instanceType: 'm6i.large',
  architecture: 'x86_64',
  rootDevice: '/dev/xvda',
  bootMode: null,
  tpmSupport: null,
  enaSupport: true,
  subnet: 'subnet-1',
  zone: 'us-east-1a',
  securityGroups: ['sg-1'],
  keyName: null,
  instanceProfile: null,
  userData: null,
  ebsOptimized: false,
  httpTokens: null,
  tags: {},
};

export function volume(change: Partial<PointVolume>): PointVolume {
  return {
    device: '/dev/xvda',
    volumeId: 'vol-1',
    sizeGib: 8,
    volumeType: 'gp3',
    iops: null,
    throughput: null,
    isEncrypted: false,
    deleteOnTermination: true,
    snapshot: 'snap-p',
    copy: 'snap-r',
    method: 'native-full',
    isComplete: true,
    ...change,
  };
}

/** A point of one server with one volume, taken at minute `minute`. */
export function point(minute: number, change: Partial<RecoveryPoint> = {}): RecoveryPoint {
  return pointAt(new Date(Date.UTC(2026, 0, 5, 10, minute)), minute, change);
}

/** A point of one server with one volume; `number` tells its operation and its snapshots from those of other points. */
export function pointAt(at: Date, number: number, change: Partial<RecoveryPoint> = {}): RecoveryPoint {
  const startedAt = at.toISOString();
  const id = `rp-${startedAt.slice(0, 19).replaceAll(/[-:]/g, '')}Z-aaaaaa`;
  const volumes = { '/dev/xvda': volume({ snapshot: `snap-p${number}`, copy: `snap-r${number}` }) };
  return {
    plan: 'shop',
    id,
    status: 'available',
    operation: `protect-${number}`,
    startedAt,
    sealedAt: startedAt,
    skewSeconds: 0,
    pins: [],
    members: { web: { instance: configuration.instance, group: null } },
    servers: { web: { configuration, startedAt, volumes } },
    ...change,
  };
}

export function twin(minute: number, change: Partial<Twin> = {}): Twin {
  return {
    plan: 'shop',
    volume: 'web:/dev/xvda',
    madeAt: point(minute).id,
    method: 'native-incremental',
    primarySnapshot: `snap-p${minute}`,
    recoverySnapshot: `snap-r${minute}`,
    primaryVolume: 'vol-1',
    operation: `protect-${minute}`,
    epoch: minute,
    ...change,
  };
}

/** As captured of a server that has one. */
export const networkInterface = {
  deviceIndex: 0,
  type: 'interface',
  subnet: 'subnet-1',
  securityGroups: ['sg-1'],
  privateAddress: '10.0.0.4',
  secondaryAddresses: [],
  ipv6Addresses: [],
};

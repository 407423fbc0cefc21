import { AwsError } from '../service.ts';
import { processorsOf } from './instance-types.ts';
import type { Ec2State } from './state.ts';

/** What an account may have in a Region at a time. */
export interface Quota {
  readonly service: 'ec2' | 'ebs';
  readonly code: string;
  readonly name: string;
  /** What an account has that never asked for more. */
  readonly byDefault: number;
}

const running = (code: string, families: string, byDefault = 0): Quota => ({
  ...{ service: 'ec2', code, name: `Running On-Demand ${families} instances`, byDefault },
});
const storage = (code: string, type: string, byDefault = 50): Quota => ({
  ...{ service: 'ebs', code, name: `Storage for ${type} volumes, in TiB`, byDefault },
});

const standard = running('L-1216C47A', 'Standard (A, C, D, H, I, M, R, T, Z)', 5);
const graphics = running('L-DB2E81BA', 'G and VT');

/** vCPUs of instances that run, by the letters with which their types begin. @source EC2 guide, On-Demand Instance quotas; aws-facts [7.2] */
const runningQuotas: Readonly<Record<string, Quota>> = {
  ...Object.fromEntries(['a', 'c', 'd', 'h', 'i', 'im', 'is', 'm', 'r', 't', 'z'].map((family) => [family, standard])),
  ...{ g: graphics, gr: graphics, vt: graphics },
  dl: running('L-6E869C2A', 'DL'),
  f: running('L-74FC7D96', 'F'),
  hpc: running('L-F7808C92', 'HPC'),
  inf: running('L-1945791B', 'Inf'),
  p: running('L-417A185B', 'P'),
  trn: running('L-2C3B7624', 'Trn'),
  u: running('L-43DA4232', 'High Memory'),
  x: running('L-7295265B', 'X'),
};

/** TiB of volumes, by their type. @source EBS guide, quotas: L-7A658B76 and its neighbours */
const storageQuotas: Readonly<Record<string, Quota>> = {
  gp2: storage('L-D18FCD1D', 'General Purpose SSD (gp2)'),
  gp3: storage('L-7A658B76', 'General Purpose SSD (gp3)'),
  io1: storage('L-FD252861', 'Provisioned IOPS SSD (io1)'),
  io2: storage('L-09BD8365', 'Provisioned IOPS SSD (io2)', 20),
  sc1: storage('L-17AF77E8', 'Cold HDD (sc1)'),
  st1: storage('L-82ACEF56', 'Throughput Optimized HDD (st1)'),
  standard: storage('L-9CF3C2EB', 'Magnetic (standard)'),
};

const provisioned = (code: string, type: string, byDefault: number): Quota => ({
  ...{ service: 'ebs', code, name: `IOPS for Provisioned IOPS SSD (${type}) volumes`, byDefault },
});

/** IOPS of volumes that are given theirs, by their type. @source EBS guide, quotas */
const iopsQuotas: Readonly<Record<string, Quota>> = {
  io1: provisioned('L-B3A130E6', 'io1', 300_000),
  io2: provisioned('L-8D977E7E', 'io2', 100_000),
};

/** MiB a second of all volumes that are filled at a rate. @source aws-facts [1.8] */
export const initializationQuota: Quota = {
  ...{ service: 'ebs', code: 'L-A37D9CF3', name: 'Cumulative volume initialization rate', byDefault: 5_000 },
};

/** The quotas of a Region, and what the account has been given of them: as many vCPUs of common types as hundreds of servers need. */
export class Quotas {
  readonly all = [
    ...new Set([...Object.values(runningQuotas), ...Object.values(storageQuotas), ...Object.values(iopsQuotas)]),
    initializationQuota,
  ];
  readonly #given = new Map([[standard.code, 10_000]]);
  /** Of which Service Quotas knows no value for now. */
  readonly untold = new Set<string>();

  /** Gives the account another value; `undefined` takes back to the default what was given. */
  give(code: string, value: number | undefined): void {
    if (!this.all.some((quota) => quota.code === code)) throw new Error(`${code} is not a quota that is modelled`);
    if (value === undefined) this.#given.delete(code);
    else this.#given.set(code, value);
  }

  /** What was given, if anything. */
  given(code: string): number | undefined {
    return this.#given.get(code);
  }

  valueOf({ code, byDefault }: Quota): number {
    return this.given(code) ?? byDefault;
  }
}

/** What is not ended yet counts. @source aws-facts [7.4] */
const counted = new Set(['pending', 'running', 'stopping', 'shutting-down']);

function familyOf(type: string): string {
  return /^[a-z]+/.exec(type)?.[0] ?? '';
}

/** @throws AwsError VcpuLimitExceeded. @source aws-facts [3.4] */
export function checkVcpus(state: Ec2State, instanceType: string, count: number): void {
  const vcpusOf = (type: string) => processorsOf(type).cores * processorsOf(type).threadsPerCore;
  const quota = runningQuotas[familyOf(instanceType)];
  if (quota === undefined) return;
  const held = [...state.instances.values()]
    .filter((each) => counted.has(each.state) && each.purchase?.InstanceLifecycle !== 'spot')
    .filter((each) => runningQuotas[familyOf(each.instanceType)] === quota)
    .reduce((sum, each) => sum + vcpusOf(each.instanceType), 0);
  const limit = state.quotas.valueOf(quota);
  if (held + count * vcpusOf(instanceType) > limit)
    throw new AwsError(
      'VcpuLimitExceeded',
      `You have requested more vCPU capacity than your current vCPU limit of ${limit} allows for the instance bucket that the specified instance type belongs to.`,
    );
}

interface Wanted {
  readonly volumeType: string;
  readonly sizeGib: number;
  readonly iops?: number | undefined;
}

/** @throws AwsError VolumeLimitExceeded, MaxIOPSLimitExceeded. @source aws-facts [3.4] */
export function checkVolumes(state: Ec2State, wanted: readonly Wanted[]): void {
  checkStorage(state, wanted);
  for (const [type, quota] of Object.entries(iopsQuotas)) {
    const added = iopsOf(wanted, type);
    if (added > 0 && iopsOf(state.volumes.values(), type) + added > state.quotas.valueOf(quota))
      throw new AwsError('MaxIOPSLimitExceeded', `You have reached the limit of IOPS of your ${type} volumes.`);
  }
}

function iopsOf(volumes: Iterable<Pick<Wanted, 'volumeType' | 'iops'>>, type: string): number {
  return [...volumes].reduce((sum, { volumeType, iops = 0 }) => sum + (volumeType === type ? iops : 0), 0);
}

function checkStorage(state: Ec2State, wanted: readonly Wanted[]): void {
  for (const type of new Set(wanted.map(({ volumeType }) => volumeType))) {
    const quota = storageQuotas[type];
    if (quota === undefined) continue;
    const there = [...state.volumes.values()].map(({ volumeType, content }) => ({ volumeType, ...content }));
    const sizes = [...there, ...wanted].filter(({ volumeType }) => volumeType === type);
    const limit = state.quotas.valueOf(quota);
    if (sizes.reduce((sum, { sizeGib }) => sum + sizeGib, 0) > limit * 1_024)
      throw new AwsError(
        'VolumeLimitExceeded',
        `You have exceeded your maximum ${type} storage limit of ${limit} TiB in this region.`,
      );
  }
}

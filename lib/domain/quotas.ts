/** What AWS lets an account have in a Region at a time. */
export interface Quota {
  /** `ec2` or `ebs`. */
  readonly service: string;
  readonly code: string;
  /** In words for people: what it counts. */
  readonly of: string;
  readonly unit: 'vCPUs' | 'TiB' | 'IOPS';
}

const running = (code: string, families: string): Quota => ({
  ...{ service: 'ec2', code, of: `vCPUs of running On-Demand ${families} instances`, unit: 'vCPUs' },
});
const standard = running('L-1216C47A', 'standard');
const graphics = running('L-DB2E81BA', 'G and VT');

/** By the letters with which a type begins. @source EC2 guide, On-Demand Instance quotas; aws-facts [7.2] */
const runningQuotas: Readonly<Record<string, Quota>> = {
  ...{ a: standard, c: standard, d: standard, h: standard, i: standard, im: standard, is: standard },
  ...{ m: standard, r: standard, t: standard, z: standard },
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

/** By volume type. @source EBS guide, quotas */
const storageCodes: Readonly<Record<string, string>> = {
  gp2: 'L-D18FCD1D',
  gp3: 'L-7A658B76',
  io1: 'L-FD252861',
  io2: 'L-09BD8365',
  sc1: 'L-17AF77E8',
  st1: 'L-82ACEF56',
  standard: 'L-9CF3C2EB',
};

/** Of the types that are given IOPS of their own and count them. @source EBS guide, quotas */
const iopsCodes: Readonly<Record<string, string>> = { io1: 'L-B3A130E6', io2: 'L-8D977E7E' };

/** `iops`: as the volume was given, `null` where its type takes none. */
interface CountedVolume {
  readonly volumeType: string;
  readonly sizeGib: number;
  readonly iops: number | null;
}

/** Instances and volumes that are there. */
export interface Load {
  /** One for each instance. */
  readonly instanceTypes: readonly string[];
  readonly volumes: readonly CountedVolume[];
}

/** Those that are to come. */
export interface Coming extends Pick<Load, 'volumes'> {
  /** Of each instance the types as which it may be launched, the best first. */
  readonly ladders: readonly (readonly string[])[];
}

/** What a launch takes of a quota, beside what is taken of it already. */
export interface Demand {
  readonly quota: Quota;
  readonly needed: number;
  readonly inUse: number;
}

const gibPerTib = 1_024;

/**
 * What a launch takes of which quotas. A type counts with all the vCPUs that it has, whatever CPU options leave of them.
 * @param vcpus of each type; one that is not among them is in no zone of the Region: a server of which that is true of all types is found elsewhere
 */
export function demandsOf({ ladders, volumes }: Coming, inUse: Load, vcpus: ReadonlyMap<string, number>): Demand[] {
  const instanceTypes = ladders.flatMap((types) => types.find((type) => vcpus.has(type)) ?? []);
  const wanted = amountsOf({ instanceTypes, volumes }, vcpus);
  const taken = amountsOf(inUse, vcpus);
  return [...wanted].map(([code, { quota, amount }]) => ({
    quota,
    needed: amount,
    inUse: taken.get(code)?.amount ?? 0,
  }));
}

function amountsOf({ instanceTypes, volumes }: Load, vcpus: ReadonlyMap<string, number>) {
  const amounts = new Map<string, { quota: Quota; amount: number }>();
  const add = (quota: Quota | undefined, amount: number) => {
    if (quota !== undefined)
      amounts.set(quota.code, { quota, amount: (amounts.get(quota.code)?.amount ?? 0) + amount });
  };
  for (const type of instanceTypes) add(runningQuotas[type.replace(/[^a-z].*/, '')], vcpus.get(type) ?? 0);
  for (const { volumeType, sizeGib, iops } of volumes) {
    add(storageQuotaOf(volumeType), sizeGib / gibPerTib);
    add(iopsQuotaOf(volumeType), iops ?? 0);
  }
  return amounts;
}

function storageQuotaOf(volumeType: string): Quota | undefined {
  const code = storageCodes[volumeType];
  return code === undefined ? undefined : { service: 'ebs', code, of: `storage of ${volumeType} volumes`, unit: 'TiB' };
}

function iopsQuotaOf(volumeType: string): Quota | undefined {
  const code = iopsCodes[volumeType];
  return code === undefined ? undefined : { service: 'ebs', code, of: `IOPS of ${volumeType} volumes`, unit: 'IOPS' };
}

/** What is said of a quota that is too small for what is needed, in words for people; `undefined` where it is not. */
export function shortOf(region: string, { quota, needed, inUse }: Demand, limit: number): string | undefined {
  if (inUse + needed <= limit) return undefined;
  const { code, of, unit } = quota;
  return `quota ${code} of ${region} (${of}) is ${limit} ${unit}, of which ${rounded(inUse)} are in use and ${rounded(needed)} more are needed: ask AWS for ${Math.ceil(inUse + needed)} at least (Service Quotas)`;
}

function rounded(amount: number): number {
  return Math.round(amount * 100) / 100;
}

import { ec2Client, route53Client } from '../../aws/clients.ts';
import type { z } from 'zod';
import { describeSecurityGroups, describeSubnets } from '../../aws/network.ts';
import { readRecord } from '../../aws/records.ts';
import { findSnapshotsOfPlan } from '../../aws/snapshots.ts';
import type { RecoveryPoint } from '../../domain/catalogue.ts';
import { Failure } from '../../domain/failure.ts';
import type { Plan } from '../../domain/plan.ts';
import { type contextSchema, type Services } from '../services.ts';

/** Looks for everything that would stop the failover later; all findings at once. Reads only, and only the recovery Region. */
export async function preflight(
  services: Services,
  input: z.infer<typeof contextSchema>,
): Promise<{ findings: number }> {
  const plan = await services.planOf(input);
  const operation = await services.catalogue.operationOf(input);
  const point = await services.catalogue.point(plan.name, operation.recoveryPoint ?? '');
  if (point === undefined)
    throw new Failure(
      'UnknownRecoveryPoint',
      `Recovery point ${operation.recoveryPoint ?? ''} of plan ${plan.name} is gone.`,
    );
  await services.catalogue.updateOperation(input, { progression: 'preflight' });
  const findings = [
    ...(await snapshotFindings(services, plan, point)),
    ...(await networkFindings(services, plan, point)),
    ...(await trafficFindings(services, plan)),
  ];
  if (findings.length > 0)
    throw new Failure(
      'PreflightFailed',
      `Plan ${plan.name} cannot fail over to ${point.id}: ${findings.join('; ')}. Nothing was changed.`,
    );
  return { findings: findings.length };
}

/** The tags of the copies are a second witness of what the point holds: a volume that its item has lost would not be launched. */
async function snapshotFindings(services: Services, plan: Plan, point: RecoveryPoint): Promise<string[]> {
  const volumes = Object.values(point.servers).flatMap((server) => Object.values(server.volumes));
  const copies = volumes.map(({ copy }) => copy ?? '');
  const all = await findSnapshotsOfPlan(services.client(ec2Client, plan.recovery.region), plan.name);
  const found = new Map(all.map((snapshot) => [snapshot.id, snapshot]));
  const unusable = copies.filter((copy) => found.get(copy)?.state !== 'completed');
  const strange = copies.filter((copy) => found.has(copy) && found.get(copy)?.point !== point.id);
  const missing = Object.keys(plan.servers).filter((server) => point.servers[server] === undefined);
  const lost = all.filter(
    ({ point: of, server = '', device = '' }) =>
      of === point.id && point.servers[server] !== undefined && point.servers[server].volumes[device] === undefined,
  );
  return [
    ...unusable.map((copy) => `snapshot ${copy} is ${found.get(copy)?.state ?? 'gone'}`),
    ...strange.map((copy) => `snapshot ${copy} is of another point`),
    ...missing.map((server) => `the point has no image of server ${server}`),
    ...lost.map(
      ({ id, server, device }) => `the point has no volume ${device} of server ${server}, of which ${id} is a copy`,
    ),
  ];
}

async function networkFindings(services: Services, plan: Plan, point: RecoveryPoint): Promise<string[]> {
  const findings: string[] = [];
  const needed = { subnets: new Set<string>(), groups: new Set<string>() };
  for (const [server, { configuration }] of Object.entries(point.servers)) {
    const subnet = plan.recovery.subnets[configuration.subnet];
    if (subnet === undefined)
      findings.push(`recovery.subnets maps no subnet for ${configuration.subnet} of server ${server}`);
    else needed.subnets.add(subnet);
    for (const group of configuration.securityGroups) {
      const mapped = plan.recovery.securityGroups[group];
      if (mapped === undefined) findings.push(`recovery.securityGroups maps no group for ${group} of server ${server}`);
      else needed.groups.add(mapped);
    }
  }
  const ec2 = services.client(ec2Client, plan.recovery.region);
  const subnets = await describeSubnets(ec2, [...needed.subnets]);
  const groups = await describeSecurityGroups(ec2, [...needed.groups]);
  const gone = [...needed.subnets].filter((id) => !subnets.some((subnet) => subnet.id === id));
  const goneGroups = [...needed.groups].filter((id) => !groups.some((group) => group.id === id));
  const full = subnets
    .filter(({ freeAddresses }) => freeAddresses < 1)
    .map(({ id }) => `subnet ${id} has no free address`);
  return [
    ...findings,
    ...[...gone, ...goneGroups].map((id) => `${id} does not exist in ${plan.recovery.region}`),
    ...full,
  ];
}

async function trafficFindings(services: Services, plan: Plan): Promise<string[]> {
  const findings: string[] = [];
  for (const record of plan.traffic) {
    const value = await readRecord(services.client(route53Client), record);
    if (value === undefined)
      findings.push(`record ${record.name} ${record.type} does not exist in zone ${record.zone}`);
  }
  return findings;
}

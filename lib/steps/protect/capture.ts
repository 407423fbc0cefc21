import { ec2Client } from '../../aws/clients.ts';
import * as z from 'zod';
import { describeInstances, type InstanceFacts } from '../../aws/instances.ts';
import type { SnapshotFacts } from '../../aws/snapshots.ts';
import { describeVolumes } from '../../aws/volumes.ts';
import type { PointServer, PointVolume } from '../../domain/catalogue.ts';
import { carriedTags } from '../../domain/carried.ts';
import { isHolding, reachedBy } from '../../domain/consistency.ts';
import { Failure } from '../../domain/failure.ts';
import type { Freeze } from '../../domain/freeze.ts';
import { withMembers } from '../../domain/members.ts';
import { snapshotOnce } from '../operation/snapshot-once.ts';
import { contextSchema, type Services } from '../services.ts';
import { configurationOf } from './describe.ts';

export const captureSchema = contextSchema.extend({ point: z.string(), server: z.string() });

type CaptureInput = z.infer<typeof captureSchema>;

/** Captures one server: one snapshot set of all its volumes. What else a launch must know of it is read afterwards (`describe`). */
export async function capture(services: Services, input: CaptureInput): Promise<{ snapshots: number }> {
  const plan = services.plan(input.plan);
  await services.proveEpoch(input);
  const header = await services.catalogue.pointHeader(plan.name, input.point);
  const instance = header?.members[input.server]?.instance;
  const { consistency } = withMembers(plan, header?.members ?? {}).servers[input.server] ?? {};
  if (instance === undefined)
    throw new Failure('InvalidInput', `Point ${input.point} of plan ${plan.name} has no server ${input.server}.`);
  const ec2 = services.client(ec2Client, plan.primary.region);
  const [facts] = await describeInstances(ec2, [instance]);
  if (facts === undefined)
    throw new Failure(
      'SnapshotFailed',
      `Instance ${instance} of server ${input.server} was not found in ${plan.primary.region}. Correct the plan and deploy it.`,
    );
  const isStopped = facts.state === 'stopped';
  const mustBeFrozen = consistency?.onFailure === 'fail' && !isStopped;
  if (mustBeFrozen) await refuseUnlessFrozen(services, input);
  const { plan: name, operation, point, server } = input;
  const owner = { plan: name, operation, purpose: 'recovery-point', step: `${point}/${server}`, point, server };
  const snapshots = await snapshotOnce(services, input, plan.primary.region, { instance: facts, owner });
  const startedAt = snapshots[0]?.startedAt ?? services.now().toISOString();
  const reached: Pick<PointServer, 'consistency'> =
    consistency === undefined ? {} : await consistencyOf(services, input, { startedAt, isStopped });
  if (mustBeFrozen && reached.consistency === 'crash') throw tooLate(input);
  const volumes = await volumesOf(services, plan.primary.region, facts, snapshots);
  const captured = { configuration: configurationOf(facts), startedAt, ...reached, volumes };
  await services.catalogue.addPointServer(name, point, server, captured);
  return { snapshots: snapshots.length };
}

async function freezeOf(
  { catalogue }: Services,
  { plan, server, operation }: CaptureInput,
): Promise<Freeze | undefined> {
  const freeze = await catalogue.freeze(plan, server);
  return freeze?.operation === operation ? freeze : undefined;
}

/** Before anything is created. @throws Failure FreezeFailed */
async function refuseUnlessFrozen(services: Services, input: CaptureInput): Promise<void> {
  const freeze = await freezeOf(services, input);
  if (freeze === undefined || !isHolding(freeze, services.now())) throw tooLate(input);
}

function tooLate({ server, plan }: CaptureInput): Failure {
  return new Failure(
    'FreezeFailed',
    `Server ${server} of plan ${plan} was not captured while it was frozen, and its plan wants no point without. The next point starts anew.`,
  );
}

/** What the snapshots of a server with commands are, and where that is less than was wanted, a note of it. A stopped server has written all it had to. */
async function consistencyOf(
  services: Services,
  input: CaptureInput,
  { startedAt, isStopped }: { startedAt: string; isStopped: boolean },
): Promise<Pick<PointServer, 'consistency'>> {
  if (isStopped) return { consistency: 'application' };
  const freeze = await freezeOf(services, input);
  const consistency = reachedBy(freeze, startedAt);
  const wasFrozen = freeze !== undefined && freeze.frozenAt !== null;
  if (consistency === 'crash' && wasFrozen)
    await services.catalogue.addEvent(
      input.operation,
      services.now(),
      `Server ${input.server} was frozen, but its snapshots were begun too late for that: they are crash-consistent.`,
    );
  return { consistency };
}

async function volumesOf(
  services: Services,
  region: string,
  facts: InstanceFacts,
  snapshots: readonly SnapshotFacts[],
): Promise<Record<string, PointVolume>> {
  const attached = await describeVolumes(
    services.client(ec2Client, region),
    facts.volumes.map(({ volumeId }) => volumeId),
  );
  const entries = facts.volumes.map(({ device, volumeId, deleteOnTermination }): [string, PointVolume] => {
    const volume = attached.find(({ id }) => id === volumeId);
    const snapshot = snapshots.find((candidate) => candidate.volumeId === volumeId);
    if (volume === undefined || snapshot === undefined) {
      throw new Failure(
        'SnapshotFailed',
        `Volume ${volumeId} (${device}) of ${facts.id} has no snapshot in its set: it was attached or detached during capture. The next point includes it.`,
      );
    }
    return [
      device,
      {
        device,
        volumeId,
        deleteOnTermination,
        sizeGib: snapshot.sizeGib,
        volumeType: volume.volumeType,
        iops: volume.iops,
        throughput: volume.throughput,
        isEncrypted: volume.isEncrypted,
        tags: carriedTags(volume.tags),
        snapshot: snapshot.id,
        copy: null,
        method: null,
        isComplete: false,
      },
    ];
  });
  return Object.fromEntries(entries);
}

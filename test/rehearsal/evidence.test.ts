import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { showEvidence } from '../../lib/cli/evidence.ts';
import type { Evidence } from '../../lib/domain/evidence.ts';
import { leaksIn, plantSecrets } from '../../proof/fuzz/canary.ts';
import type { Life } from '../../proof/life.ts';
import { functionOf } from '../../proof/fuzz/tamper.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import type { RecordedCall } from '../../sim/call-record.ts';
import type { Execution } from '../../sim/stepfunctions/stepfunctions.ts';
import { openLife, outcomeOf, setSchedules, shop } from './shop-stage.ts';

/** One plan through a drill, a failover that is undone, one that is not, and the way home: each leaves its evidence. */
let life: Life;
let stage: Stage;
beforeAll(async () => {
  life = await openLife({ seed: 91 });
  stage = life.stage;
  plantSecrets(stage);
  await setSchedules(stage, 'protect', 'DISABLED');
  expect(outcomeOf(await life.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
});
afterAll(async () => {
  await life.rest();
  expect(await life.broken()).toEqual([]);
  stage.close();
});

const home = shop.primary.region;
const away = shop.recovery.region;
const minuteMs = 60_000;
const servers = ['db', 'files', 'web'];
const { s3, sns } = { s3: () => stage.cloud.services(away).s3.all(), sns: () => stage.cloud.services(away).sns };
const told = (subject: string) => sns().messages.filter((message) => message.subject?.includes(subject));
const versionsOf = ({ name }: Execution) => s3().filter(({ key }) => key.endsWith(`-${name}.json`));
const ec2 = (region: string) => stage.cloud.services(region).ec2;

/** What is written of an operation, and nothing of what nobody should read. */
function evidenceOf(execution: Execution): Evidence {
  const body = versionsOf(execution).at(-1)?.body.toString() ?? '{}';
  expect(leaksIn(body)).toEqual([]);
  return JSON.parse(body) as Evidence;
}

/** Everything that exists or existed with the tag of an operation, besides its manifest and what the launch made beside servers. */
function taggedBy(operation: string): string[] {
  return [home, away]
    .flatMap((region) => ec2(region).allResources())
    .filter(({ kind }) => kind !== 'network-interface')
    .filter(({ tags }) => tags['homeward:operation'] === operation && tags['homeward:purpose'] !== 'manifest')
    .map(({ id }) => id)
    .toSorted();
}

/** When calls of an operation's execution were made, in milliseconds. */
function timesOf(execution: Execution, wanted: string): number[] {
  const isDuring = ({ at }: RecordedCall) =>
    at >= execution.startedAt && at <= (execution.stoppedAt ?? Number.POSITIVE_INFINITY);
  return stage.cloud.record.calls.filter((call) => isDuring(call) && call.operation === wanted).map(({ at }) => at);
}

function phase({ phases }: Evidence, name: string): { from: number; to: number } {
  const found = phases.find((one) => one.phase === name);
  return { from: Date.parse(found?.startedAt ?? ''), to: Date.parse(found?.endedAt ?? '') };
}

/** The phases follow each other without a gap, from the beginning to the end. */
function expectWhole({ phases, operation }: Evidence, ...names: string[]): void {
  expect(phases.map((one) => one.phase)).toEqual(['opened', ...names]);
  const ends = phases.map(({ endedAt }) => endedAt);
  expect(phases.map(({ startedAt }) => startedAt)).toEqual([operation.startedAt, ...ends.slice(0, -1)]);
  expect(ends.at(-1)).toBe(operation.endedAt);
}

async function printed(operation?: string): Promise<string> {
  const lines: string[] = [];
  const console = stage.console((line) => lines.push(line));
  await stage.clock.settle(showEvidence(console, shop, operation));
  return lines.join('\n');
}

describe('the evidence of a drill, which S3 refuses at first', () => {
  let drill: Execution;

  it('I11: keeps the drill from nothing: it ends, its seat is free, and people are told what is owed', async () => {
    await expect(printed()).rejects.toThrow('No failover, failback, accept or drill of plan shop has ended yet');
    stage.cloud.faults.add({ kind: 'refused', service: 's3', operation: 'PutObject' });
    drill = await stage.run('failover', { plan: 'shop', drill: true, trigger: 'kim' });
    expect(outcomeOf(drill)).toMatchObject({ status: 'SUCCEEDED' });
    await stage.clock.advance(minuteMs);
    expect(await stage.clock.settle(stage.catalogue.drillSeat('shop'))).toMatchObject({ operation: null });
    const [notice, ...more] = told('evidence of plan shop is owed');
    expect(notice?.message).toMatch(/^The evidence of drill-\S+ could not be written: AwsRefused: /);
    expect(more).toEqual([]);
    await expect(printed()).rejects.toThrow(/^There is nothing at s3:.* at the latest a quarter of an hour later/);
  });

  it('is written a quarter of an hour later, and says so', async () => {
    await stage.clock.advance(15 * minuteMs);
    expect(told('evidence of plan shop is written')).toHaveLength(1);
    const evidence = evidenceOf(drill);
    expect(evidence.operation).toMatchObject({ kind: 'drill', askedBy: 'kim', outcome: 'succeeded', cause: null });
    expect(evidence.events.at(-1)?.text).toContain('could not be written');
    expectWhole(
      evidence,
      ...['preflight', 'launching wave 1', 'wave 1', 'launching wave 2', 'wave 2', 'verified', 'taking down'],
    );
    expect(Object.keys(evidence.servers)).toEqual(servers);
    expect([evidence.stopped, evidence.traffic]).toEqual([[], []]);
  });

  it('is the same object when the drill is closed once more', async () => {
    const { name } = functionOf(stage, 'operation/close');
    const operation = `drill-${drill.name}`;
    const again = stage.cloud
      .services(away)
      .lambda.invoke(name, { plan: 'shop', operation, epoch: 1, outcome: 'failed' });
    expect(await stage.clock.settle(again)).toEqual({ outcome: 'succeeded' });
    await stage.clock.advance(15 * minuteMs);
    const [first, second, ...more] = versionsOf(drill).map(({ body }) => body.toString());
    expect(second).toBe(first);
    expect(more).toEqual([]);
  });
});

describe('the evidence of failovers', () => {
  it('says of one that was undone how it ended, why, and what it had created', async () => {
    ec2(away).setCapacity(`${away}a`, 't3.medium', false);
    const execution = await stage.run('failover');
    expect(outcomeOf(execution)).toMatchObject({ status: 'FAILED', error: 'LaunchFailed' });
    ec2(away).setCapacity(`${away}a`, 't3.medium', true);
    await stage.clock.advance(minuteMs);
    const evidence = evidenceOf(execution);
    const { outcome, cause, committedAt } = evidence.operation;
    expect([outcome, committedAt]).toEqual(['rolled-back', null]);
    expect(cause).toContain('InsufficientInstanceCapacity');
    expectWhole(
      evidence,
      'preflight',
      'fencing',
      'launching wave 1',
      'wave 1',
      'launching wave 2',
      'wave 2',
      'undoing',
    );
    expect(evidence.servers['web']).toMatchObject({
      instance: null,
      startedAt: null,
      runningAt: null,
      healthyAt: null,
    });
    const gone = [...ec2(away).state.instances.values()].filter(({ id }) =>
      evidence.created.some((one) => one.id === id),
    );
    expect(gone.map(({ state }) => state)).toEqual(['terminated', 'terminated']);
    await stage.clock.advance(20 * minuteMs);
  });

  it('says of one that committed who asked, from what, when, and what there is of it; S3 was too busy twice', async () => {
    stage.cloud.faults.add({ kind: 'throttled', service: 's3', operation: 'PutObject', times: 2 });
    const execution = await stage.run('failover', { plan: 'shop', trigger: 'alarm heartbeat' });
    expect(outcomeOf(execution)).toMatchObject({ status: 'SUCCEEDED' });
    await stage.clock.advance(minuteMs);
    const evidence = evidenceOf(execution);
    const id = `failover-${execution.name}`;
    expect(evidence.operation).toMatchObject({ id, askedBy: 'alarm heartbeat', outcome: 'succeeded', cause: null });
    expect(told(`failover of plan shop succeeded`).at(-1)?.message).toMatch(
      new RegExp(`\\nEvidence: s3://homeward-[\\w-]+/shop/2026/${id}\\.json$`),
    );
    const [{ assetDir = '' } = {}] = stage.cloud.services(away).lambda.functions;
    const [plan] = JSON.parse(readFileSync(join(assetDir, 'plans.json'), 'utf8')) as unknown[];
    const digest = createHash('sha256').update(JSON.stringify(plan)).digest('hex');
    expect(evidence.plan).toEqual({ name: 'shop', version: digest.slice(0, 40) });

    expectWhole(
      evidence,
      ...[
        'preflight',
        'fencing',
        'launching wave 1',
        'wave 1',
        'launching wave 2',
        'wave 2',
        'switching traffic',
        'committed',
      ],
    );
    const isWithin = (at: number, name: string) => at >= phase(evidence, name).from && at <= phase(evidence, name).to;
    expect(timesOf(execution, 'StopInstances').map((at) => isWithin(at, 'fencing'))).toEqual([true]);
    const launches = timesOf(execution, 'RunInstances');
    expect(launches.map((at, place) => isWithin(at, `launching wave ${place < 2 ? 1 : 2}`))).toEqual([
      true,
      true,
      true,
    ]);
    const changes = timesOf(execution, 'ChangeResourceRecordSets');
    expect(changes.every((at) => isWithin(at, 'switching traffic'))).toBe(true);

    const created = servers.flatMap((server) => evidence.created.filter((one) => one.server === server));
    expect(created.map((one) => one.id).toSorted()).toEqual(taggedBy(id));
    expect(new Set(created.map(({ region }) => region))).toEqual(new Set([away]));
    for (const server of servers) {
      const { instance, startedAt, runningAt, healthyAt, health } = evidence.servers[server] ?? {};
      const placed = ec2(away).state.instances.get(instance ?? '');
      expect(placed?.tags).toContainEqual({ Key: 'homeward:server', Value: server });
      const [launched = 0, running = 0, healthy = 0] = [startedAt, runningAt, healthyAt].map((at) =>
        Date.parse(at ?? ''),
      );
      expect(launches).toContain(launched);
      expect(running - launched).toBeGreaterThanOrEqual(ec2(away).timings.instancePendingMs);
      expect(healthy - running).toBeGreaterThan(minuteMs);
      expect(health).toBe(
        `${server} passed the status checks and answered ${{ db: 'TCP 5432', files: 'TCP 2049', web: 'GET :80/health with 200' }[server]}`,
      );
    }

    const [point] = await stage.clock.settle(stage.catalogue.points('shop'));
    const [{ id: chosen, ageSeconds } = { id: '', ageSeconds: 0 }] = evidence.recoveryPoints;
    expect(chosen).toBe(point?.id);
    const captured = ec2(home)
      .allResources()
      .flatMap(({ kind, id: snapshot }) =>
        kind === 'snapshot' ? [ec2(home).state.snapshots.get(snapshot)?.startedAt ?? 0] : [],
      );
    expect(Math.abs(execution.startedAt - Math.min(...captured) - ageSeconds * 1_000)).toBeLessThan(5_000);
    expect(told('is owed')).toHaveLength(1);
  });
});

describe('the evidence of a failback', () => {
  it('says what was carried home, block by block counted, and is printed by the command line', async () => {
    life.write(3);
    const written = ec2(home).bytesMoved.written;
    const execution = await life.run('failback', { plan: 'shop', trigger: 'kim' });
    expect(outcomeOf(execution)).toMatchObject({ status: 'SUCCEEDED' });
    await stage.clock.advance(minuteMs);
    const evidence = evidenceOf(execution);
    expectWhole(
      evidence,
      ...['estimating', 'paying the fence', 'round 1', 'stopping recovery', 'final round', 'rebuilding volumes'],
      ...['starting wave 1', 'wave 1', 'starting wave 2', 'wave 2', 'switching traffic', 'committed'],
    );
    const moved = evidence.transfers.reduce((sum, { changedBlocks }) => sum + (changedBlocks ?? 0), 0);
    expect(moved).toBeGreaterThan(0);
    expect(moved * 524_288).toBe(ec2(home).bytesMoved.written - written);
    expect(evidence.rounds.reduce((sum, { blocksMoved }) => sum + blocksMoved, 0)).toBe(moved);
    for (const server of servers) expect(evidence.servers[server]?.instance).toBe(shop.servers[server]?.instance);
    const created = evidence.created.map(({ id }) => id);
    const replaced = Object.values(evidence.swapped).map(({ old }) => old);
    expect(replaced).toHaveLength(6);
    // What was created and is no longer there was deleted by the sweep.
    const deleted = stage.cloud.record.calls.flatMap(({ operation, input }) =>
      operation === 'DeleteSnapshot' ? [input['SnapshotId']] : [],
    );
    expect(
      taggedBy(`failback-${execution.name}`)
        .filter((id) => !created.includes(id))
        .toSorted(),
    ).toEqual(replaced.toSorted());
    const existing = new Set([home, away].flatMap((region) => ec2(region).allResources()).map(({ id }) => id));
    expect(created.filter((id) => !existing.has(id) && !deleted.includes(id))).toEqual([]);
    expect(JSON.parse(await printed())).toEqual(evidence);
    expect(JSON.parse(await printed(`failback-${execution.name}`))).toEqual(evidence);
    await expect(printed('failback-of-nobody')).rejects.toThrow(
      'no failover, failback, accept or drill "failback-of-nobody"',
    );
  });
});

import type { Statistic } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  AttachVolumeCommand,
  CreateVolumeCommand,
  DeleteSnapshotCommand,
  DetachVolumeCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Stage } from '../../rehearsal/stage.ts';
import type { Execution } from '../../sim/stepfunctions/stepfunctions.ts';
import { measured as measuredOn, openShop, protectNow, setSchedules, shop } from './shop-stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await openShop(7);
});
afterEach(() => stage.close());

const minute = 60_000;
const home = shop.primary.region;
const away = shop.recovery.region;
const recovery = () => stage.cloud.services(away);
const now = () => stage.clock.now();

/** Changes of the alarm whose description names this heading: to which state, and when. */
function changesOf(heading: string) {
  const { transitions } = recovery().cloudwatch;
  const own = transitions.filter(({ settings }) => settings.description?.includes(`"${heading}"`));
  return own.map(({ state }) => ({ state: state.value, at: state.transitionedAt }));
}

/** What the alarm did after `from`; it is known to have done something. */
function since(heading: string, from: number): string[] {
  return changesOf(heading)
    .filter(({ at }) => at > from)
    .map(({ state }) => state);
}

/** When the alarm went on after `from`, in minutes since then. */
function minutesUntilAlarm(heading: string, from: number): number[] {
  const on = changesOf(heading).filter(({ at, state }) => at > from && state === 'ALARM');
  return on.map(({ at }) => (at - from) / minute);
}

/** How often people were told after `from` that the alarm came to a state. */
function told(heading: string, state: 'ALARM' | 'OK', from: number): number {
  return recovery().sns.messages.filter(({ at, subject, message }) => {
    if (at <= from || subject?.startsWith(`${state}:`) !== true) return false;
    return (JSON.parse(message) as { AlarmDescription: string }).AlarmDescription.includes(`"${heading}"`);
  }).length;
}

const measured = (metric: string, statistic: Statistic, minutes: number, server?: string) =>
  measuredOn(stage, metric, statistic, minutes, server);

/** Start of the newest available point's first snapshot, as EC2 knows it. */
async function newestStart(): Promise<number> {
  const points = await stage.clock.settle(stage.catalogue.points(shop.name));
  const newest = points.findLast(({ status }) => status === 'available');
  const { snapshots } = stage.cloud.services(home).ec2.state;
  const volumes = Object.values(newest?.servers ?? {}).flatMap((server) => Object.values(server.volumes));
  return Math.min(...volumes.map(({ snapshot }) => snapshots.get(snapshot)?.startedAt ?? Number.NaN));
}

/** All that was noted beside operations. */
async function notes(): Promise<string[]> {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(stage.cloud.clientConfig(away)));
  const operations = await stage.clock.settle(stage.catalogue.operations(shop.name));
  const texts: string[] = [];
  for (const { id } of operations) {
    const query = new QueryCommand({
      TableName: stage.tableName,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
      ExpressionAttributeValues: { ':pk': `OP#${id}`, ':sk': 'EV#' },
    });
    const { Items = [] } = await stage.clock.settle(client.send(query));
    texts.push(...Items.map(({ text }) => String(text)));
  }
  return texts;
}

const outputOf = (execution: Execution | undefined) => execution?.output as Record<string, unknown> | undefined;

const setSchedule = (state: 'ENABLED' | 'DISABLED') => setSchedules(stage, 'protect', state);

const rpoHeadings = ['RPO target missed', 'RPO at twice the target', 'RPO at three times the target'];
const targetMinutes = 15;

describe('RPO', () => {
  it('alarms at once, twice and three times the target while no point can be made, tells each once, and tells the end', async () => {
    await protectNow(stage);
    await stage.clock.advance(2 * minute);
    stage.cloud.faults.add({ kind: 'refused', operation: 'CreateSnapshots', region: home, times: 10_000 });
    const [start, refused] = [await newestStart(), now()];
    await stage.clock.advance(55 * minute);
    expect(await newestStart()).toBe(start);
    for (const [index, heading] of rpoHeadings.entries()) {
      const [at = 0, ...more] = changesOf(heading)
        .filter((change) => change.at > refused && change.state === 'ALARM')
        .map((change) => (change.at - start) / minute);
      const crossed = (index + 1) * targetMinutes;
      expect(more, heading).toEqual([]);
      expect(at, heading).toBeGreaterThan(crossed);
      // A minute until the next sample, one until its period is over, ten seconds until it is judged.
      expect(at, heading).toBeLessThan(crossed + 2.2);
      expect(told(heading, 'ALARM', refused), heading).toBe(1);
    }
    stage.cloud.faults.clear();
    const repaired = now();
    await stage.clock.advance(10 * minute);
    expect(rpoHeadings.map((heading) => since(heading, repaired))).toEqual([['OK'], ['OK'], ['OK']]);
    expect(rpoHeadings.map((heading) => told(heading, 'OK', repaired))).toEqual([1, 0, 0]);
  });

  it('is the age of the newest point, of the plan and of each server, also while no run begins', async () => {
    await protectNow(stage);
    await setSchedule('DISABLED');
    await stage.clock.advance(10 * minute);
    const start = await newestStart();
    const age = (now() - start) / 1_000;
    for (const server of [undefined, ...Object.keys(shop.servers)]) {
      const values = await measured('RpoActual', 'Maximum', 5, server);
      expect(values.length).toBeGreaterThan(4);
      expect(values.at(-1)).toBeGreaterThan(age - 62);
      expect(values.at(-1)).toBeLessThan(age + 1);
    }
    expect(new Set(await measured('PointsFailed', 'Maximum', 5))).toEqual(new Set([0]));
    expect(new Set(await measured('PointsCapturing', 'Maximum', 5))).toEqual(new Set([0]));
  });

  it('alarms of a plan that has no point yet, once, until it has one', async () => {
    await setSchedule('DISABLED');
    await stage.clock.advance(20 * minute);
    expect(rpoHeadings.map((heading) => since(heading, 0))).toEqual([['ALARM'], [], []]);
    await protectNow(stage);
    await stage.clock.advance(3 * minute);
    expect(since('RPO target missed', 0)).toEqual(['ALARM', 'OK']);
  });
});

describe('points', () => {
  it('that fail set off their alarm, and the next one that becomes available ends it', async () => {
    await protectNow(stage);
    await stage.clock.advance(2 * minute);
    const before = now();
    recovery().ec2.setKeyEnabled(shop.recovery.key ?? '', false);
    await protectNow(stage);
    const failed = now();
    await stage.clock.advance(3 * minute);
    expect(minutesUntilAlarm('Failed point', failed)[0]).toBeLessThan(2.2);
    await stage.clock.advance(2 * shop.protection.everySeconds * 1_000);
    expect(since('Failed point', before)).toEqual(['ALARM']);
    expect(told('Failed point', 'ALARM', before)).toBe(1);
    recovery().ec2.setKeyEnabled(shop.recovery.key ?? '', true);
    await stage.clock.advance(2 * shop.protection.everySeconds * 1_000);
    expect(since('Failed point', before)).toEqual(['ALARM', 'OK']);
    expect(told('Failed point', 'OK', before)).toBe(1);
  });

  it('are counted by status, with the time that their copies took', async () => {
    recovery().ec2.timings.copyBaseMs = 4 * minute;
    const run = stage.start('protect');
    await stage.clock.advance(2 * minute);
    expect(await measured('PointsCapturing', 'Maximum', 1)).toContain(1);
    await stage.clock.run(() => run.status !== 'RUNNING');
    expect(await measured('PointsAvailable', 'Maximum', 1)).toEqual([1]);
    const ages = await measured('CopyAge', 'Maximum', 10);
    expect(ages).toEqual(ages.toSorted((a, b) => a - b));
    expect(ages.length).toBeGreaterThan(3);
    expect(ages.at(-1)).toBeGreaterThan(4 * 60);
    expect(ages.at(-1)).toBeLessThan((now() - run.startedAt) / 1_000);
  });
});

describe('a full copy', () => {
  const ec2 = (region: string) => new EC2Client(stage.cloud.clientConfig(region));
  const heading = 'Unexpected full copy';

  it('of a volume that was never copied is expected', async () => {
    await protectNow(stage);
    await stage.clock.advance(6 * minute);
    expect(since(heading, 0)).toEqual(['OK']);
    expect(await notes()).toEqual([]);
  });

  it('that AWS makes because somebody deleted the newest copy sets off its alarm, with the cause beside the operation', async () => {
    await protectNow(stage);
    const from = now();
    const [point] = await stage.clock.settle(stage.catalogue.points(shop.name));
    const copy = point?.servers['db']?.volumes['/dev/sdf']?.copy ?? '';
    await stage.clock.settle(ec2(away).send(new DeleteSnapshotCommand({ SnapshotId: copy })));
    await protectNow(stage);
    await stage.clock.advance(11 * minute);
    expect(since(heading, from).filter((state) => state === 'ALARM')).toHaveLength(1);
    expect(told(heading, 'ALARM', from)).toBe(1);
    expect(await notes()).toEqual([
      expect.stringMatching(`^AWS made copy snap-\\w+ of db:/dev/sdf in full, not incrementally: .*${copy}, is gone$`),
    ]);
  });

  it('of a volume that was put in the place of another sets off its alarm before it begins', async () => {
    await protectNow(stage);
    const from = now();
    const instance = shop.servers['db']?.instance ?? '';
    const zone = stage.cloud.services(home).ec2.state.instances.get(instance)?.zone ?? '';
    const point = (await stage.clock.settle(stage.catalogue.points(shop.name))).at(-1);
    const VolumeId = point?.servers['db']?.volumes['/dev/sdf']?.volumeId ?? '';
    await stage.clock.settle(ec2(home).send(new DetachVolumeCommand({ VolumeId })));
    const made = await stage.clock.settle(
      ec2(home).send(new CreateVolumeCommand({ AvailabilityZone: zone, Size: 8, VolumeType: 'gp3' })),
    );
    await stage.clock.advance(minute);
    const attach = { VolumeId: made.VolumeId ?? '', InstanceId: instance, Device: '/dev/sdf' };
    await stage.clock.settle(ec2(home).send(new AttachVolumeCommand(attach)));
    await protectNow(stage);
    await stage.clock.advance(6 * minute);
    expect(told(heading, 'ALARM', from)).toBe(1);
    expect(await notes()).toContain(
      `db:/dev/sdf is copied in full: the last twin belongs to volume ${VolumeId}, not to ${made.VolumeId}`,
    );
  });
});

describe('the schedule', () => {
  it('that is disabled sets off its alarm after three periods, and once it ticks again that is over', async () => {
    await stage.clock.advance(3 * shop.protection.everySeconds * 1_000 + 2 * minute);
    const last = Math.max(
      ...recovery()
        .scheduler.invocations.filter(isProtect)
        .map(({ endedAt }) => endedAt),
    );
    await setSchedule('DISABLED');
    await stage.clock.advance(14 * minute);
    expect(since('Silent schedule', last)).toEqual([]);
    await stage.clock.advance(20 * minute);
    const [minutes, ...more] = minutesUntilAlarm('Silent schedule', last);
    expect(more).toEqual([]);
    // Three periods of 5 minutes, the two minutes further back that CloudWatch looks, and the rest of a minute.
    expect(minutes).toBeGreaterThan(15);
    expect(minutes).toBeLessThan(18.2);
    expect(told('Silent schedule', 'ALARM', last)).toBe(1);
    await setSchedule('ENABLED');
    await stage.clock.advance(2 * shop.protection.everySeconds * 1_000);
    expect(since('Silent schedule', last)).toEqual(['ALARM', 'OK']);
    expect(told('Silent schedule', 'OK', last)).toBe(1);
  });

  it('skips ticks that come while a run is under way, says which run it is, and counts them', async () => {
    recovery().ec2.timings.copyBaseMs = 13 * minute;
    const run = stage.start('protect');
    await stage.clock.run(() => run.status !== 'RUNNING');
    const { operation } = outputOf(run) ?? {};
    const skipped = stage.executions('protect').filter((execution) => execution !== run);
    expect(skipped.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    for (const execution of skipped)
      expect(outputOf(execution)).toEqual({
        skipped: true,
        reason: expect.stringContaining(String(operation)),
        delaySeconds: expect.any(Number),
      });
    expect(await measured('TickSkipped', 'Sum', 20)).toEqual([1, 1]);
    expect(since('Silent schedule', 7 * minute + run.startedAt)).toEqual([]);
  });

  it('begins one run, however many copies of a tick arrive', async () => {
    recovery().scheduler.deliveries = 3;
    await stage.clock.advance(shop.protection.everySeconds * 1_000 + 2 * minute);
    const outputs = stage.executions('protect').map(outputOf);
    expect(outputs).toHaveLength(3);
    expect(outputs.filter((output) => output?.['skipped'] !== true)).toHaveLength(1);
  });

  it('does not make up for the ticks of an outage of the Region: the last at most comes late, and says so', async () => {
    await stage.clock.advance(2 * minute);
    stage.cloud.faults.lose(away);
    await stage.clock.advance(30 * minute);
    expect(stage.executions('protect')).toEqual([]);
    stage.cloud.faults.restore(away);
    await stage.clock.advance(2 * minute);
    const due = recovery().scheduler.invocations.filter(isProtect);
    expect(due.map(({ lost }) => lost).filter((lost) => lost === 'older than 300 s')).toHaveLength(5);
    const [late, ...more] = stage.executions('protect');
    expect(more).toEqual([]);
    await stage.clock.run(() => late?.status !== 'RUNNING');
    // The tick of 9:30 in a Region that is back at 9:32.
    expect(outputOf(late)).toMatchObject({ skipped: false, delaySeconds: expect.closeTo(120, -1) });
    expect(await notes()).toEqual([expect.stringMatching(/^the tick of 2026-01-05T09:30:00Z came 1[12]\d s late$/)]);
    expect(await measured('TickDelay', 'Maximum', 10)).toEqual([expect.closeTo(120, -1)]);
    await stage.clock.advance(10 * minute);
    expect(stage.executions('protect')).toHaveLength(3);
  });

  it('says nothing of ticks that come in time, and has none to say of a run that a person starts', async () => {
    expect(outputOf(await protectNow(stage))).not.toHaveProperty('delaySeconds');
    await stage.clock.advance(shop.protection.everySeconds * 1_000 + 3 * minute);
    expect(outputOf(stage.executions('protect').at(-1))?.['delaySeconds']).toBeLessThan(60);
    expect(await notes()).toEqual([]);
  });
});

function isProtect({ schedule }: { schedule: string }): boolean {
  return !schedule.includes('Measure');
}

import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { showStatus } from '../../lib/cli/operations.ts';
import type { RecoveryPoint } from '../../lib/domain/catalogue.ts';
import { RawTable } from '../../proof/raw-table.ts';
import { RightsRecord } from '../../proof/rights/record.ts';
import { unallowed } from '../../proof/rights/simulate.ts';
import { unusedGrants } from '../../proof/rights/unused.ts';
import { frozenShop, smallShop } from '../../proof/shop.ts';
import { type Assembly, synthesize } from '../../rehearsal/deploy.ts';
import { Stage } from '../../rehearsal/stage.ts';
import type { Write } from '../../rehearsal/workload.ts';
import type { Execution } from '../../sim/stepfunctions/stepfunctions.ts';
import { isEntered, outcomeOf, protectNow, setSchedules, synthesisMs } from './shop-stage.ts';

const db = frozenShop.servers['db']?.instance ?? '';
const home = frozenShop.primary.region;

let assembly: Assembly;
/** The same stack, deployed with a plan that wants no point without its freeze. */
let strict: string;
const records: RightsRecord[] = [];
beforeAll(async () => {
  assembly = await synthesize([frozenShop], inject('bundle'));
  strict = mkdtempSync(join(tmpdir(), 'homeward-strict-'));
  cpSync(assembly.directory, strict, { recursive: true });
  for (const file of globSync('**/plans.json', { cwd: strict })) {
    const text = readFileSync(join(strict, file), 'utf8');
    writeFileSync(join(strict, file), text.replaceAll('"onFailure":"crash-consistent"', '"onFailure":"fail"'));
  }
}, synthesisMs);
afterAll(async () => {
  assembly.remove();
  rmSync(strict, { recursive: true, force: true });
  for (const record of records) expect(await unallowed(record)).toEqual([]);
});

let stage: Stage;
afterEach(() => stage.close());

async function open({ isStrict = false, seed = 3 } = {}): Promise<void> {
  stage = await Stage.open({
    plan: frozenShop,
    world: smallShop,
    seed,
    assembly: isStrict ? strict : assembly.directory,
  });
  records.push(new RightsRecord(stage.cloud));
  await setSchedules(stage, 'protect', 'DISABLED');
}

const points = () => stage.clock.settle(stage.catalogue.points(frozenShop.name));
const lastPoint = async () => (await points()).at(-1);
const primary = () => stage.cloud.services(home);
const told = () =>
  stage.cloud
    .services(frozenShop.recovery.region)
    .sns.messages.map(({ message }) => message)
    .filter((text) => !text.startsWith('{'));
const isFrozen = () => stage.guests.isFrozen(db);
const reached = (point: RecoveryPoint | undefined) =>
  Object.fromEntries(Object.entries(point?.servers ?? {}).map(([name, { consistency }]) => [name, consistency]));
const refuse = (operation: string, caller: string, times = 99) =>
  stage.cloud.faults.add({ kind: 'refused', operation, caller, times });

async function notes(): Promise<string> {
  const items = await stage.clock.settle(new RawTable(stage).items());
  return items
    .filter(({ sk }) => sk.startsWith('EV#'))
    .map(({ text }) => String(text))
    .join('\n');
}

/** When the commands of a kind were sent. */
const sentAt = (kind: 'freeze' | 'thaw') =>
  primary()
    .ssm.invocations.filter(({ comment }) => comment.startsWith(`Homeward: ${kind} db `))
    .map(({ sentAt: time }) => time);

/** Lets time pass until an execution is in a state. */
async function entered(execution: Execution, name: string): Promise<void> {
  await stage.clock.run(() => isEntered(execution, name) || execution.status !== 'RUNNING');
  expect(isEntered(execution, name)).toBe(true);
}

/** Every second an order is written to one volume, and to the other one 400 ms later. */
function takeOrders(): void {
  let isAtRest = true;
  const write = (device: string) => stage.workload.act({ kind: 'write', server: 'db', device, blocks: 1 });
  const next = () => {
    stage.clock.after(1_000, next);
    if (isFrozen()) return;
    isAtRest = false;
    write('/dev/xvda');
    stage.clock.after(400, () => {
      write('/dev/sdf');
      isAtRest = true;
    });
  };
  stage.guests.setManners('db', { isAtRest: () => isAtRest, freezeSeconds: 3 });
  next();
}

/** What a volume held at a moment, from what it held at the beginning and what was written since. */
function watchVolume(device: string) {
  const { ec2 } = primary();
  const volume = ec2.volumesOf(db).get(device) ?? '';
  const before = ec2.contentOf(volume).blocks;
  const writes: Write[] = [];
  stage.workload.onWrite((write) => {
    if (write.volume === volume) writes.push(write);
  });
  const until = (at: number) => writes.filter((write) => write.at <= at);
  return {
    ordersUntil: (at: number) => until(at).length,
    isHeldBy(snapshot: string, at: number): boolean {
      const held = new Map<number, Uint8Array | undefined>(before);
      for (const { index, bytes } of until(at)) held.set(index, bytes);
      const { blocks } = ec2.contentOf(snapshot);
      return (
        held.size === blocks.size &&
        [...held].every(([index, bytes]) => blocks.get(index)?.equals(bytes ?? Buffer.alloc(0)))
      );
    },
  };
}

describe('a server with commands', () => {
  it('is frozen while its snapshots are begun, and thawed after: its volumes fit together', async () => {
    await open();
    const [first, second] = [watchVolume('/dev/xvda'), watchVolume('/dev/sdf')];
    takeOrders();
    await stage.clock.advance(30_400);
    expect(outcomeOf(await protectNow(stage)).status).toBe('SUCCEEDED');
    const point = await lastPoint();
    expect(reached(point)).toEqual({ db: 'application', files: undefined, web: undefined });
    expect(point?.skewSeconds).toBeGreaterThan(0);
    const { startedAt: time = '', volumes = {} } = point?.servers['db'] ?? {};
    const startedAt = Date.parse(time);
    expect(first.isHeldBy(volumes['/dev/xvda']?.snapshot ?? '', startedAt)).toBe(true);
    expect(second.isHeldBy(volumes['/dev/sdf']?.snapshot ?? '', startedAt)).toBe(true);
    expect(first.ordersUntil(startedAt)).toBe(second.ordersUntil(startedAt));
    expect(first.ordersUntil(startedAt)).toBeGreaterThan(30);
    const [freezeAt = Number.NaN] = sentAt('freeze');
    const [thawAt = Number.NaN, ...more] = sentAt('thaw');
    expect([freezeAt < startedAt, startedAt <= thawAt, more]).toEqual([true, true, []]);
    expect(thawAt - freezeAt).toBeLessThan(20_000);
    expect(isFrozen()).toBe(false);
    const printed: string[] = [];
    const console = stage.console((line) => printed.push(line));
    await stage.clock.settle(showStatus(console, frozenShop));
    expect(printed.at(-1)).toContain('application-consistent: db');
  });

  it('is captured so although the answer to its freeze is lost, or its function dies', async () => {
    await open();
    stage.cloud.faults.add({ kind: 'answer-lost', operation: 'SendCommand', caller: 'ProtectFreeze', times: 2 });
    await protectNow(stage);
    expect(reached(await lastPoint())['db']).toBe('application');
    stage.cloud.faults.add({ kind: 'crash-after', caller: 'ProtectFreeze', skip: 3 });
    stage.cloud.faults.add({ kind: 'delivered-twice', caller: 'ProtectFreeze', skip: 1 });
    await protectNow(stage);
    expect(reached(await lastPoint())['db'], await notes()).toBe('application');
    expect(isFrozen()).toBe(false);
    expect(stage.cloud.faults.unmet).toEqual([]);
  });

  it.each<['fails' | 'hangs', reason: string]>([
    ['fails', 'Failed, exit code 32: fsfreeze: /data: freeze failed'],
    ['hangs', 'its commands did not end within 60 s'],
  ])('whose freeze %s is thawed first, and captured crash-consistent with a note', async (freeze, reason) => {
    await open();
    stage.guests.setManners('db', { freeze, ownClock: 'fails' });
    expect(outcomeOf(await protectNow(stage)).status).toBe('SUCCEEDED');
    const point = await lastPoint();
    expect(reached(point)['db']).toBe('crash');
    expect(sentAt('thaw')[0]).toBeLessThan(Date.parse(point?.servers['db']?.startedAt ?? ''));
    expect(await notes()).toContain(`Server db (${db}) of plan shop was not frozen: ${reason}`);
    expect(isFrozen()).toBe(false);
  });

  it('whose freeze fails fails the point, where the plan says so', async () => {
    await open({ isStrict: true });
    stage.guests.setManners('db', { freeze: 'fails' });
    const ended = outcomeOf(await protectNow(stage));
    expect(ended).toMatchObject({ status: 'FAILED', error: 'FreezeFailed' });
    expect(ended.message).toContain(`Server db (${db}) of plan shop was not frozen: Failed, exit code 32`);
    expect((await points()).map(({ status }) => status)).toEqual(['failed']);
    expect(sentAt('thaw')).toHaveLength(1);
    stage.guests.setManners('db', {});
    expect(outcomeOf(await protectNow(stage)).status).toBe('SUCCEEDED');
    expect(reached(await lastPoint())['db']).toBe('application');
  });

  it('whose agent is silent is captured crash-consistent, and what waits for the agent freezes nothing later', async () => {
    await open();
    primary().ssm.isAgentSilent = (id) => id === db;
    const running = stage.start('protect');
    await entered(running, 'Thaw');
    await stage.clock.advance(10_000);
    primary().ssm.isAgentSilent = () => false;
    expect((await stage.clock.settle(stage.states.ended(running.arn))).status).toBe('SUCCEEDED');
    expect(reached(await lastPoint())['db']).toBe('crash');
    await stage.clock.advance(10_000);
    expect(isFrozen()).toBe(false);
    expect(primary().ssm.invocations.map(({ status }) => status)).not.toContain('Delayed');
  });

  it('whose agent never answers needs no thaw, because AWS says that no command came', async () => {
    await open();
    primary().ssm.isAgentSilent = (id) => id === db;
    expect(outcomeOf(await protectNow(stage)).status).toBe('SUCCEEDED');
    expect(reached(await lastPoint())['db']).toBe('crash');
    expect(sentAt('thaw').length).toBeGreaterThan(0);
    expect(told()).toEqual([]);
  });

  it('that Systems Manager does not know, or that Homeward may not command, is captured crash-consistent', async () => {
    await open();
    primary().ssm.managedInstances = () => [];
    expect(outcomeOf(await protectNow(stage)).status).toBe('SUCCEEDED');
    expect(reached(await lastPoint())['db']).toBe('crash');
    expect(await notes()).toContain('InvalidInstanceId');
  });

  it('is thawed when its snapshots are refused, and the run ends with that', async () => {
    await open();
    stage.guests.setManners('db', { ownClock: 'fails' });
    refuse('CreateSnapshots', 'ProtectCapture');
    expect(outcomeOf(await protectNow(stage))).toMatchObject({ status: 'FAILED', error: 'AwsRefused' });
    expect(sentAt('freeze').length).toBeLessThanOrEqual(sentAt('thaw').length);
    expect(isFrozen()).toBe(false);
  });

  it('is thawed, and nothing of it is left, when the catalogue refuses to keep what was asked of AWS', async () => {
    await open();
    stage.guests.setManners('db', { ownClock: 'fails' });
    // The second write of its function, once the freeze is sent; and of its capture once its snapshots are begun, those of two other servers being kept.
    const once = { kind: 'refused', operation: 'UpdateItem', times: 1 } as const;
    stage.cloud.faults.add({ ...once, caller: 'ProtectFreeze', skip: 1 });
    expect(outcomeOf(await protectNow(stage))).toMatchObject({ status: 'FAILED', error: 'AwsRefused' });
    expect(isFrozen()).toBe(false);
    const refused = stage.cloud.faults.add({ ...once, caller: 'ProtectCapture', skip: 7 });
    expect(outcomeOf(await protectNow(stage)).status).toBe('SUCCEEDED');
    expect(refused.isMet()).toBe(true);
    const point = await lastPoint();
    const held = Object.values(point?.servers['db']?.volumes ?? {}).map(({ snapshot }) => snapshot);
    const begun = [...primary().ec2.state.snapshots.values()].filter(
      ({ tags }) => tags.some(({ Value }) => Value === point?.id) && tags.some(({ Value }) => Value === 'db'),
    );
    expect(begun.map(({ id }) => id).toSorted()).toEqual(held.toSorted());
  });

  it('is thawed after 14 s of busy answers at most, and then captured crash-consistent', async () => {
    await open();
    stage.guests.setManners('db', { ownClock: 'fails' });
    const caller = 'ProtectCapture';
    stage.cloud.faults.add({ kind: 'throttled', operation: 'DescribeVolumes', caller, times: 48 });
    expect(outcomeOf(await protectNow(stage)).status).toBe('SUCCEEDED');
    expect(reached(await lastPoint())['db']).toBe('crash');
    const [freezeAt = 0, thawAt = Number.NaN] = [sentAt('freeze')[0], sentAt('thaw')[0]];
    expect(thawAt - freezeAt).toBeLessThan(60_000);
    expect(isFrozen()).toBe(false);
  });

  it.each(['Freeze', 'Capture while frozen', 'Thaw'])(
    'is thawed within minutes when somebody stops the run in %s, without its own clock',
    async (state) => {
      await open();
      stage.guests.setManners('db', { ownClock: 'fails', freezeSeconds: 4 });
      const running = stage.start('protect');
      await entered(running, state);
      if (state === 'Freeze') await stage.clock.advance(3_000);
      await stage.clock.settle(stage.stop(running));
      const stoppedAt = stage.clock.now();
      await stage.clock.run(() => sentAt('thaw').length > 0);
      await stage.clock.advance(10_000);
      expect(isFrozen()).toBe(false);
      expect(stage.clock.now() - stoppedAt).toBeLessThan(180_000);
      await stage.clock.advance(60_000);
      expect(told().at(-1)).toContain('ended: failed');
      expect(outcomeOf(await protectNow(stage)).status).toBe('SUCCEEDED');
      expect(reached(await lastPoint())['db']).toBe('application');
    },
  );

  it('is thawed by the next run, before it is frozen again, when the rescue could not', async () => {
    await open();
    stage.guests.setManners('db', { ownClock: 'fails' });
    const running = stage.start('protect');
    await entered(running, 'Capture while frozen');
    refuse('SendCommand', 'OperationRescue');
    await stage.clock.settle(stage.stop(running));
    await stage.clock.advance(240_000);
    expect(isFrozen()).toBe(true);
    expect(told().join()).toContain(`may still be frozen: db (${db})`);
    expect(outcomeOf(await protectNow(stage)).status).toBe('SUCCEEDED');
    expect(reached(await lastPoint())['db']).toBe('application');
    expect(isFrozen()).toBe(false);
  });

  it('that cannot be thawed is told at once, its point is kept, and the run fails by it', async () => {
    await open();
    stage.guests.setManners('db', { thaw: 'fails' });
    const running = stage.start('protect');
    await entered(running, 'Replicate');
    expect(told().join()).toContain(`may still be frozen: db (${db})`);
    const ended = outcomeOf(await stage.clock.settle(stage.states.ended(running.arn)));
    expect(ended).toMatchObject({ status: 'FAILED', error: 'ThawFailed' });
    expect(ended.message).toContain(`db (${db})`);
    expect((await lastPoint())?.status).toBe('available');
    expect(reached(await lastPoint())['db']).toBe('application');
    expect(await notes()).toContain('server db was not thawed: Failed, exit code 1: fsfreeze: /data: unfreeze failed');
    stage.guests.setManners('db', {});
    expect(outcomeOf(await protectNow(stage)).status).toBe('SUCCEEDED');
    expect(isFrozen()).toBe(false);
  });

  it('is thawed when a failover takes the plan from the run', async () => {
    await open();
    await protectNow(stage);
    stage.guests.setManners('db', { ownClock: 'fails', freezeSeconds: 4 });
    const running = stage.start('protect');
    await entered(running, 'Freeze');
    await stage.clock.advance(3_000);
    const dry = await stage.run('failover', { plan: frozenShop.name, dryRun: true });
    expect(dry.status).toBe('SUCCEEDED');
    await stage.clock.advance(120_000);
    expect(sentAt('thaw').length).toBeGreaterThan(0);
    expect(isFrozen()).toBe(false);
  });

  it('holds what it is to write until it is thawed', async () => {
    await open();
    stage.guests.setManners('db', { freezeSeconds: 2 });
    const running = stage.start('protect');
    await entered(running, 'Capture while frozen');
    const volume = primary().ec2.volumesOf(db).get('/dev/sdf') ?? '';
    const before = primary().ec2.contentOf(volume).blocks;
    expect(stage.workload.act({ kind: 'write', server: 'db', device: '/dev/sdf', blocks: 1 })).toBe(true);
    expect(primary().ec2.contentOf(volume).blocks).toEqual(before);
    await stage.clock.settle(stage.states.ended(running.arn));
    expect(primary().ec2.contentOf(volume).blocks).not.toEqual(before);
  });
});

describe('rights of commands', () => {
  it('are all used, and given for the server with commands only', async () => {
    await open();
    const record = records.at(-1);
    const { ssm } = primary();
    const registered = ssm.managedInstances;
    /** A run that somebody stops while it thaws: the rescue takes over. */
    const stopInThaw = async (before: () => void) => {
      const running = stage.start('protect');
      await entered(running, 'Capture while frozen');
      before();
      await entered(running, 'Thaw');
      await stage.clock.advance(5_000);
      await stage.clock.settle(stage.stop(running));
      await stage.clock.advance(240_000);
      ssm.managedInstances = registered;
    };
    await stopInThaw(() => stage.guests.setManners('db', { thaw: 'fails' }));
    ssm.managedInstances = () => [];
    await protectNow(stage);
    ssm.managedInstances = registered;
    stage.guests.setManners('db', {});
    await stopInThaw(() => (ssm.managedInstances = () => []));
    stage.guests.setManners('db', { thaw: 'fails' });
    await protectNow(stage);

    const commanding = /^(protect\/(freeze|thaw)|operation\/rescue) (ssm|ec2|sns):/;
    const unused = unusedGrants(record?.policies ?? new Map(), record?.requests ?? []);
    expect(unused.map(({ role, action }) => `${role} ${action}`).filter((grant) => commanding.test(grant))).toEqual([]);
    const granted = [...(record?.policies.values() ?? [])].flatMap(({ title, statements }) =>
      statements
        .filter(({ Action }) => Action.includes('ssm:SendCommand'))
        .flatMap(({ Resource }) => Resource.map((resource) => `${title} ${resource}`)),
    );
    const resources = [`ec2:${home}:123456789012:instance/${db}`, `ssm:${home}:*:document/AWS-RunShellScript`];
    const titles = ['operation/rescue', 'protect/freeze', 'protect/thaw'];
    expect(granted.toSorted()).toEqual(titles.flatMap((title) => resources.map((each) => `${title} arn:aws:${each}`)));
  });
});

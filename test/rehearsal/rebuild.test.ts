import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { RawTable, type RawItem } from '../../proof/raw-table.ts';
import { rebuildCatalogue } from '../../lib/cli/rebuild.ts';
import { findLeftovers, inventory } from '../../rehearsal/leftovers.ts';
import { reportFailback } from '../../rehearsal/report.ts';
import { createRandom } from '../../sim/random.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { callOf } from '../sim/manual-cloud.ts';
import { openShop, outcomeOf, protectNow, shop } from './shop-stage.ts';

let stage: Stage;
const away = shop.recovery.region;
const home = shop.primary.region;
const servers = Object.keys(shop.servers);
const userData = Buffer.from(createRandom(1).hex(16_384), 'latin1').toString('base64');
const settle = <Value>(work: Promise<Value>) => stage.clock.settle(work);
const items = () => settle(new RawTable(stage).items());
const ofPlan = (all: readonly RawItem[]) => all.filter(({ pk }) => pk === 'PLAN#shop');
const snapshotsOf = (region: string, purpose: string) =>
  stage.cloud
    .services(region)
    .ec2.allResources()
    .filter(({ kind, tags }) => kind === 'snapshot' && tags['homeward:purpose'] === purpose);

/** What a person reads who types the command, and the error it ends with. */
async function rebuild(
  options: { dryRun?: boolean; force?: boolean } = {},
): Promise<{ lines: string[]; error: string }> {
  const lines: string[] = [];
  const console = stage.console((line) => lines.push(line));
  const ended = await settle(
    rebuildCatalogue(console, { plan: shop, dryRun: false, force: false, ...options }).then(
      () => '',
      (error: Error) => error.message,
    ),
  );
  return { lines, error: ended };
}

/** As the runbook says: no schedule starts a run while the catalogue is rebuilt. */
async function keepStill(): Promise<void> {
  const { scheduler } = stage.cloud.services(away);
  const { Schedules } = (await callOf(scheduler, 'ListSchedules', {})) as { Schedules: { Name: string }[] };
  for (const { Name } of Schedules) {
    const { ScheduleExpression, FlexibleTimeWindow, Target } = await callOf(scheduler, 'GetSchedule', { Name });
    const same = { Name, ScheduleExpression, FlexibleTimeWindow, Target };
    await callOf(scheduler, 'UpdateSchedule', { ...same, State: 'DISABLED' });
  }
  await restNow();
}

async function emptyTable(): Promise<RawItem[]> {
  const before = await items();
  for (const item of before) await settle(new RawTable(stage).remove(item));
  return before;
}

function write(blocks: number): void {
  for (const server of servers) stage.workload.act({ kind: 'write', server, device: '/dev/sdf', blocks });
}

async function restNow(): Promise<void> {
  await stage.clock.run(() => stage.executions('protect').every(({ status }) => status !== 'RUNNING'));
}

/** Of the state and of operations these are made anew; all else must be as it was. */
function comparable(item: RawItem): Record<string, unknown> {
  const anew =
    item.sk === 'STATE' ? ['epoch', 'restingSince'] : item.sk.startsWith('OP#') ? ['endedAt', 'progressed'] : [];
  return Object.fromEntries(Object.entries(item).filter(([field]) => !anew.includes(field)));
}

/** The items that a rebuild owes: the state, all points, of each volume the last twin and the last that AWS copied, and whatever operation these or a commit name. */
function owed(original: readonly RawItem[]): RawItem[] {
  const all = ofPlan(original);
  const points = all.filter(({ sk }) => sk.startsWith('RP#') || sk.startsWith('SERVER#'));
  const [newest, copied] = [new Map<unknown, RawItem>(), new Map<unknown, RawItem>()];
  for (const twin of all.filter(({ sk }) => sk.startsWith('TWIN#')).toSorted((a, b) => a.sk.localeCompare(b.sk))) {
    newest.set(twin['volume'], twin);
    if (/^native-/.test(String(twin['method']))) copied.set(twin['volume'], twin);
  }
  const twins = new Set([...newest.values(), ...copied.values()]);
  const makers = new Set([...points, ...twins].map((item) => item['operation']));
  const operations = all.filter(
    (item) => item.sk.startsWith('OP#') && (makers.has(item['id']) || item['committedAt'] !== null),
  );
  return [...all.filter(({ sk }) => sk === 'STATE'), ...points, ...twins, ...operations];
}

const sorted = (all: readonly RawItem[]) => all.toSorted((a, b) => a.sk.localeCompare(b.sk)).map(comparable);
const epochOf = (all: readonly RawItem[]) => Number(all.find(({ sk }) => sk === 'STATE')?.['epoch']);

describe('a catalogue that is lost after a long life', () => {
  let before: Set<string>;
  let original: RawItem[];
  beforeAll(async () => {
    stage = await openShop(11);
    before = new Set(inventory(stage));
    // As much as AWS takes.
    const database = stage.cloud.services(home).ec2.state.instances.get(shop.servers['db']?.instance ?? '');
    if (database !== undefined) database.request.UserData = userData;
    await protectNow(stage);
    write(2);
    await protectNow(stage);
    expect(outcomeOf(await stage.runUnskipped('failover')).status).toBe('SUCCEEDED');
    write(3);
    expect(outcomeOf(await stage.run('failback')).status).toBe('SUCCEEDED');
    write(1);
    await protectNow(stage);
    write(1);
    await protectNow(stage);
    await keepStill();
  });
  afterAll(() => stage.close());

  it('a dry run says what it would write, and writes nothing', async () => {
    original = await emptyTable();
    const { lines, error } = await rebuild({ dryRun: true });
    expect(error).toBe('');
    expect(lines).toContain('would write (missing): PLAN#shop / STATE');
    expect(lines.at(-1)).toBe('dry run: nothing was written');
    expect(await items()).toEqual([]);
  });

  it('is rebuilt item by item as it was', async () => {
    const { lines, error } = await rebuild();
    expect(error).toBe('');
    expect(lines.filter((line) => line.startsWith('not restored'))).toEqual([]);
    const rebuilt = await items();
    expect(sorted(rebuilt)).toEqual(sorted(owed(original)));
    expect(rebuilt.filter(({ sk }) => sk.startsWith('RP#')).length).toBeGreaterThan(3);
    expect(epochOf(rebuilt)).toBeGreaterThan(epochOf(original));
  });

  it('has what a launch needs, which is kept encrypted under the key of the plan', async () => {
    const points = await settle(stage.catalogue.points('shop'));
    expect(points.map(({ servers: { db } }) => db?.configuration.userData)).toEqual(points.map(() => userData));
    const { snapshots } = stage.cloud.services(away).ec2.state;
    const kept = snapshotsOf(away, 'manifest').map(({ id }) => snapshots.get(id)?.encryption?.keyArn);
    expect(new Set(kept)).toEqual(new Set([shop.recovery.key]));
  });

  it('a second time finds all of it and changes nothing', async () => {
    const rebuilt = await items();
    const { lines } = await rebuild();
    expect(lines.at(-1)).toBe('the table holds all of it already');
    expect(await items()).toEqual(rebuilt);
  });

  it('the plan goes on protecting itself by deltas, and lets go what it no longer needs', async () => {
    write(1);
    const copied = stage.cloud.services(away).ec2.bytesMoved.copied;
    expect(outcomeOf(await protectNow(stage)).status).toBe('SUCCEEDED');
    expect(stage.cloud.services(away).ec2.bytesMoved.copied - copied).toBeLessThanOrEqual(servers.length * 524_288);
    expect(await settle(findLeftovers(stage, before))).toEqual([]);
  });

  it('fails over from a rebuilt point, is lost and rebuilt again away from home, and comes home with the changed blocks', async () => {
    const point = String(ofPlan(original).findLast(({ sk }) => sk.startsWith('RP#'))?.['id']);
    await restNow();
    const failover = await stage.runUnskipped('failover', { plan: 'shop', recoveryPoint: point });
    expect(outcomeOf(failover).status).toBe('SUCCEEDED');
    const recovered = await emptyTable();
    expect((await rebuild()).error).toBe('');
    expect(sorted(await items())).toEqual(sorted(owed(recovered)));
    write(4);
    expect(outcomeOf(await stage.run('failback')).status).toBe('SUCCEEDED');
    const operations = await settle(stage.catalogue.operations('shop'));
    const failback = operations
      .filter(({ kind }) => kind === 'failback')
      .toSorted((a, b) => a.epoch - b.epoch)
      .at(-1);
    if (failback === undefined) throw new Error('there was no failback');
    const report = await settle(reportFailback(stage, failback));
    for (const { volume, changedBlocks, blocksMoved, contentMatches } of report.volumes)
      expect([volume, blocksMoved, contentMatches]).toEqual([volume, changedBlocks, true]);
    expect(await settle(findLeftovers(stage, before))).toEqual([]);
  });
});

describe('what is left of a catalogue is treated as what it is', () => {
  beforeEach(async () => {
    stage = await openShop(3);
    await protectNow(stage);
    await protectNow(stage);
    await keepStill();
  });
  afterEach(() => stage.close());

  const points = async () => (await items()).filter(({ sk }) => sk.startsWith('RP#')).map(({ sk }) => sk.slice(3));
  const forget = (region: string, id: string) => stage.cloud.services(region).ec2.state.snapshots.delete(id);
  const copyOf = (point: string, device: string) => {
    const copy = snapshotsOf(away, 'recovery-point-copy').find(
      ({ tags }) => tags['homeward:point'] === point && tags['homeward:device'] === device,
    );
    return copy?.id ?? '';
  };

  it('a point whose copy is gone is not restored, one whose source is gone can be launched, and both are said', async () => {
    const original = await emptyTable();
    const [older = '', newer = ''] = ofPlan(original)
      .filter(({ sk }) => sk.startsWith('RP#'))
      .map(({ sk }) => sk.slice(3));
    const copy = copyOf(older, '/dev/sdf');
    const source = snapshotsOf(home, 'recovery-point').find(({ tags }) => tags['homeward:point'] === newer)?.id ?? '';
    forget(away, copy);
    forget(home, source);
    const { lines } = await rebuild();
    expect(await points()).not.toContain(older);
    expect(await points()).toContain(newer);
    expect(lines.join('\n')).toMatch(new RegExp(`not restored: point ${older}: copy of \\w+:/dev/sdf ${copy} is gone`));
    expect(lines.join('\n')).toMatch(new RegExp(`not restored: the way home of point ${newer}.* ${source} is gone`));
  });

  it('a foreign snapshot with the tags of a manifest, and a point that was not finished, are left out and named', async () => {
    const dying = stage.start('protect');
    await stage.clock.advance(45_000);
    await settle(stage.stop(dying));
    await stage.clock.advance(1_000);
    await emptyTable();
    const [real] = snapshotsOf(away, 'manifest');
    const { snapshots } = stage.cloud.services(away).ec2.state;
    const foreign = snapshots.get(snapshotsOf(away, 'recovery-point-copy')[0]?.id ?? '');
    if (real === undefined || foreign === undefined) throw new Error('there must be both');
    foreign.tags = Object.entries({ ...real.tags, 'homeward:operation': 'protect-foreign' }).map(([Key, Value]) => ({
      Key,
      Value,
    }));
    const { lines, error } = await rebuild();
    expect(error).toBe('');
    const said = lines.filter((line) => line.startsWith('not restored')).join('\n');
    expect(said).toContain(`manifest ${foreign.id} of protect-foreign: Snapshot ${foreign.id} holds no manifest`);
    const name = dying.arn.split(':').at(-1) ?? '';
    expect(said).toMatch(new RegExp(`protect-${name}: it has no manifest; its [1-9]\\d* snapshots in the primary`));
    expect((await items()).some(({ sk }) => sk.includes(name))).toBe(false);
  });

  it('works while the primary Region is silent, and says what it did not look at', async () => {
    const original = await emptyTable();
    stage.cloud.faults.lose(home);
    const { lines, error } = await rebuild();
    expect(error).toBe('');
    expect(lines).toContain('eu-west-1 does not answer: its snapshots were not looked at and are taken to be there');
    expect(sorted(await items())).toEqual(sorted(owed(original)));
  });

  it('says so when the recovery Region is silent, or holds no manifest', async () => {
    const { snapshots } = stage.cloud.services(away).ec2.state;
    for (const { id } of snapshotsOf(away, 'manifest')) snapshots.delete(id);
    await emptyTable();
    expect((await rebuild()).error).toContain('There is no manifest of plan shop in eu-central-1');
    stage.cloud.faults.lose(away);
    expect((await rebuild()).error).toContain('eu-central-1 does not answer');
  });

  it('does not take the plan from an operation that holds it, nor from a newer state, unless it is told to', async () => {
    const table = new RawTable(stage);
    const state = (await items()).find(({ sk }) => sk === 'STATE');
    const failover = stage.start('failover');
    await stage.clock.run(() => failover.history.some(({ state: at }) => at?.name === 'Bring up: begin'));
    const held = await rebuild();
    expect(held.error).toContain('Nothing was written');
    const name = failover.arn.split(':').at(-1) ?? '';
    expect(held.lines.join('\n')).toContain(`against it: failover-${name} holds the plan until `);
    await settle(stage.states.ended(failover.arn));
    for (const { id } of snapshotsOf(away, 'manifest').filter(({ tags }) =>
      tags['homeward:operation']?.startsWith('failover'),
    ))
      stage.cloud.services(away).ec2.state.snapshots.delete(id);
    const lost = await rebuild();
    expect(lost.error).toContain('Nothing was written');
    expect(lost.lines.join('\n')).toMatch(/against it: i-\w+ of failover-\S+ runs in the recovery Region/);
    expect(lost.lines).toContain(
      'against it: the state in the table is newer than every manifest and differs from them',
    );
    if (state !== undefined) await settle(table.put({ ...state, epoch: 'x' }));
    const from = stage.clock.now();
    expect((await rebuild({ force: true })).error).toBe('');
    expect(epochOf(await items())).toBeGreaterThanOrEqual(Math.floor(from / 1_000));
    expect(epochOf(await items())).toBeLessThanOrEqual(stage.clock.now() / 1_000);
  });

  it('a table that protection began anew on gets back what it had, and what was added stays', async () => {
    const original = await emptyTable();
    write(1);
    expect(outcomeOf(await protectNow(stage)).status).toBe('SUCCEEDED');
    const anew = (await points()).at(0) ?? '';
    const { lines, error } = await rebuild();
    expect(error).toBe('');
    expect(lines).toContain('write (older): PLAN#shop / STATE');
    expect(await points()).toEqual([
      ...ofPlan(original)
        .filter(({ sk }) => sk.startsWith('RP#'))
        .map(({ sk }) => sk.slice(3)),
      anew,
    ]);
    expect(epochOf(await items())).toBeGreaterThan(epochOf(original));
    write(1);
    const copied = stage.cloud.services(away).ec2.bytesMoved.copied;
    expect(outcomeOf(await protectNow(stage)).status).toBe('SUCCEEDED');
    expect(stage.cloud.services(away).ec2.bytesMoved.copied - copied).toBe(servers.length * 524_288);
    expect(outcomeOf(await stage.run('failover')).status).toBe('SUCCEEDED');
  });

  it('brings an older backup of the table up to date, and puts a broken item right', async () => {
    const table = new RawTable(stage);
    const backup = await items();
    await protectNow(stage);
    await restNow();
    const original = await items();
    await emptyTable();
    for (const item of backup) await settle(table.put(item));
    const [broken] = backup.filter(({ sk }) => sk.startsWith('RP#'));
    if (broken !== undefined) await settle(table.put({ ...broken, pins: 'gone' }));
    const { lines, error } = await rebuild();
    expect(error).toBe('');
    expect(lines).toContain(`write (broken): PLAN#shop / ${broken?.sk}`);
    expect(lines).toContain('write (older): PLAN#shop / STATE');
    const rebuilt = await items();
    for (const item of sorted(owed(original))) expect(sorted(rebuilt)).toContainEqual(item);
  });
});

describe('a manifest that cannot be written', () => {
  beforeEach(async () => {
    stage = await openShop(4);
    await keepStill();
  });
  afterEach(() => stage.close());

  const refuse = (times: number) =>
    stage.cloud.faults.add({ kind: 'refused', operation: 'StartSnapshot', caller: 'OperationManifest', times });
  const notices = () => stage.cloud.services(away).sns.messages;

  it('leaves the point available, fails the run, and somebody is told', async () => {
    refuse(2);
    expect(outcomeOf(await protectNow(stage))).toMatchObject({ status: 'FAILED', error: 'AwsRefused' });
    const points = await settle(stage.catalogue.points('shop'));
    expect(points.map(({ status }) => status)).toEqual(['available']);
    expect(notices().at(-1)?.subject).toBe('Homeward: protect of plan shop failed');
    expect(notices().at(-1)?.message).toContain('start a snapshot manifest/protect-');
  });

  it('stands in the way of nothing when only its beginning is refused', async () => {
    refuse(1);
    expect(outcomeOf(await protectNow(stage))).toMatchObject({ status: 'SUCCEEDED' });
    expect(stage.cloud.faults.unmet).toEqual([]);
  });

  it('leaves a failover that has committed succeeded, and its cause and the notice say what is missing', async () => {
    await protectNow(stage);
    refuse(1);
    expect(outcomeOf(await stage.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
    const operations = await settle(stage.catalogue.operations('shop'));
    expect(operations.find(({ kind }) => kind === 'failover')).toMatchObject({
      outcome: 'succeeded',
      cause: expect.stringContaining('start a snapshot manifest/failover-') as string,
    });
    expect(await settle(stage.catalogue.state('shop'))).toMatchObject({ phase: 'recovered', lease: null });
    expect(notices().at(-1)?.subject).toBe('Homeward: failover of plan shop succeeded');
    expect(notices().at(-1)?.message).toContain('Cause: AwsRefused');
  });
});

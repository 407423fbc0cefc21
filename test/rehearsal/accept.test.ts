import { AttachVolumeCommand, DetachVolumeCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runOperation, showStatus } from '../../lib/cli/operations.ts';
import type { Operation } from '../../lib/domain/catalogue.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import type { Life } from '../../proof/life.ts';
import { deployedPolicies } from '../../proof/rights/policies.ts';
import { inventory } from '../../rehearsal/leftovers.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { assemblyOf, eventsOf, openLife, outcomeOf, setSchedules, shop, synthesisMs } from './shop-stage.ts';

const former = 'arn:aws:kms:eu-central-1:123456789012:key/00112233-4455-4677-8899-aabbccddeeff';

/** What stays goes by itself after an hour, so that a test need not live through fourteen days. Its first point is under another key than those to come. */
const plan: Plan = {
  ...shop,
  recovery: { ...shop.recovery, formerKeys: [former] },
  failback: { ...shop.failback, keepForSeconds: 3_600 },
};
const home = shop.primary.region;
const away = shop.recovery.region;
const assembly = assemblyOf(plan);

/** One plan through two round trips, chapter by chapter: each begins where the one before it ended. */
let life: Life;
let stage: Stage;
beforeAll(async () => {
  life = await openLife({ seed: 4, plan, assembly: assembly() });
  stage = life.stage;
  await setSchedules(stage, 'protect', 'DISABLED');
  await setSchedules(stage, 'owed', 'DISABLED');
}, synthesisMs);
afterAll(() => stage.close());

const catalogued = <Value>(read: Promise<Value>) => stage.clock.settle(read);
const accept = (more: object = {}) => life.run('failback', { plan: 'shop', accept: true, ...more });
const notices = () => stage.cloud.services(away).sns.messages.map(({ message }) => message);

async function last(kind: Operation['kind']): Promise<Operation> {
  const all = await catalogued(stage.catalogue.operations('shop'));
  const found = all.filter((each) => each.kind === kind).toSorted((a, b) => a.epoch - b.epoch);
  const newest = found.at(-1);
  if (newest === undefined) throw new Error(`there was no ${kind}`);
  return newest;
}

async function printed(run: (console: ReturnType<Stage['console']>) => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  await stage.clock.settle(run(stage.console((line) => lines.push(line))));
  return lines;
}
const byCommand = (input: object) =>
  printed((console) => runOperation(console, { kind: 'accept', plan, input: { accept: true, ...input } }));

/** Everything that must stay, as `<region> <kind> <id>`: seen in the cloud itself, by what each is. */
function staying(servers: readonly string[]): string[] {
  const launched = servers.map((server) => stage.workload.instanceIn(away, server) ?? '');
  const volumes = launched.flatMap((id) => [...stage.cloud.services(away).ec2.volumesOf(id).values()]);
  return [
    ...launched.map((id) => `${away} instance ${id}`),
    ...volumes.map((id) => `${away} volume ${id}`),
    ...originals.map((id) => `${home} volume ${id}`),
  ];
}

/** Volumes of the originals before they were replaced. */
let originals: readonly string[] = [];
const atHome = () =>
  Object.values(shop.servers).flatMap(({ instance }) => [
    ...stage.cloud.services(home).ec2.volumesOf(instance).values(),
  ]);
const there = (names: readonly string[]) => names.filter((name) => inventory(stage).includes(name));

/** As if everything there had been made before the plan named another key. */
function putUnder(key: string): void {
  for (const snapshot of stage.cloud.services(away).ec2.state.snapshots.values())
    if (snapshot.encryption !== undefined)
      Object.assign(snapshot, { encryption: { ...snapshot.encryption, keyArn: key } });
}

describe('I5: what stays after coming home', () => {
  it('is told with what it costs a month: in the notice, the evidence and the status', async () => {
    await life.run('protect');
    putUnder(former);
    // Two blocks on each volume that the lost Region never sent.
    life.write(2);
    stage.cloud.faults.lose(home);
    await life.run('failover');
    stage.cloud.faults.restore(home);
    await life.rest();
    life.write(1);
    originals = atHome();
    expect(outcomeOf(await life.run('failback'))).toMatchObject({ status: 'SUCCEEDED' });
    const { id, committedAt, kept } = await last('failback');
    // Three servers of two volumes of 8 GiB, there and at home: 96 GiB of gp3 at $0.08, and 6 MiB of snapshots at $0.05.
    const told = `Stays: 3 stopped servers, 3 images, 12 volumes (96 GiB), 6 snapshots of what the primary held with 12 blocks that no recovery point had, kept since ${committedAt}, about $7.68 a month.`;
    const until = 'Kept until you accept that it goes: npx homeward accept shop';
    expect(notices().at(-1)).toContain(`${told}\n${until}.`);
    expect(await printed((console) => showStatus(console, plan))).toEqual(expect.arrayContaining([told, `  ${until}`]));
    await stage.clock.advance(60_000);
    const documents = stage.cloud.services(away).s3.all();
    const evidence = documents.find(({ key }) => key.endsWith(`${id}.json`))?.body.toString() ?? '{}';
    expect(JSON.parse(evidence)).toMatchObject({ kept });
    expect(kept).toMatchObject({ unreplicatedBlocks: 12, volumesGib: 96 });
    expect(await life.broken()).toEqual([]);
  });

  it('is not let go before there is a point since, nor by somebody who has not seen what no point had', async () => {
    const all = staying(Object.keys(shop.servers));
    expect(there(all)).toEqual(all);
    const early = outcomeOf(await accept({ unreplicatedBlocks: 12 }));
    expect(early).toMatchObject({ error: 'PreflightFailed' });
    expect(early.message).toContain('no available recovery point that was begun since it came home');
    await life.run('protect');
    for (const more of [{}, { unreplicatedBlocks: 11 }]) {
      const unseen = outcomeOf(await accept(more));
      expect(unseen).toMatchObject({ error: 'InvalidInput' });
      expect(unseen.message).toContain('accept with "unreplicatedBlocks": 12.');
      const { unreplicated } = await last('failback');
      for (const { snapshot } of Object.values(unreplicated ?? {})) expect(unseen.message).toContain(snapshot);
    }
    // An hour is over by then; what exists nowhere else does not go by time.
    await stage.clock.advance(7_200_000);
    expect(stage.executions('failback').filter(({ name }) => name.startsWith('accept-'))).toEqual([]);
    expect(there(all)).toEqual(all);
  });

  it('was launched from copies under a former key, and the next point is under the present one, in full and aloud', async () => {
    const { ec2 } = stage.cloud.services(away);
    const volumes = ec2.volumesOf(stage.workload.instanceIn(away, 'files') ?? '');
    expect(ec2.encryptionOf(volumes.get('/dev/sdf') ?? '')?.keyArn).toBe(former);
    const { servers = {} } = (await catalogued(stage.catalogue.points('shop'))).at(-1) ?? {};
    const { method, copy = '' } = servers['files']?.volumes['/dev/sdf'] ?? {};
    expect([method, ec2.encryptionOf(copy ?? '')?.keyArn]).toEqual(['native-full', plan.recovery.key]);
    expect(servers['db']?.volumes['/dev/sdf']?.method).toBe('delta');
    const said = (await eventsOf(stage, (await last('protect')).id)).join();
    const mayUse = [...deployedPolicies(stage.cloud).values()]
      .filter(({ statements }) => statements.some(({ Resource }) => Resource.includes(former)))
      .map(({ title }) => title);
    expect(mayUse).toEqual(expect.arrayContaining(['failover/launch', 'failback/undo', 'transfer/move']));
    expect(mayUse.filter((title) => ['protect/replicate', 'operation/manifest'].includes(title))).toEqual([]);
    expect(said).toMatch(/files:\/dev\/sdf is copied in full: snap-\w+ is under key \S+eeff, which is a former one/);
  });

  it('is listed by server, and a list changes nothing (I12)', async () => {
    const before = inventory(stage);
    const lines = await byCommand({ dryRun: true });
    const [old = ''] = originals;
    const db = lines.find((line) => line.startsWith('stays of db: ')) ?? '';
    expect(db).toContain(`${old} (replaced)`);
    expect(db).toContain(stage.workload.instanceIn(away, 'db'));
    expect(lines.at(-1)).toBe('list of what an accept would remove of plan shop succeeded');
    expect(inventory(stage)).toEqual(before);
    expect(await last('accept')).toMatchObject({ extent: 'list', outcome: 'succeeded' });
  });

  it('is not removed from under somebody who looks at it', async () => {
    const [VolumeId = ''] = originals;
    const InstanceId = shop.servers['web']?.instance ?? '';
    const client = new EC2Client(stage.cloud.clientConfig(home));
    const before = inventory(stage);
    await catalogued(client.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device: '/dev/sdz' })));
    const refused = outcomeOf(await accept({ unreplicatedBlocks: 12 }));
    expect(refused).toMatchObject({ error: 'PreflightFailed' });
    expect(refused.message).toContain(`${VolumeId} is attached to ${InstanceId}`);
    expect(await last('accept')).toMatchObject({ outcome: 'failed' });
    await catalogued(client.send(new DetachVolumeCommand({ VolumeId, InstanceId })));
    await stage.clock.advance(60_000);
    expect(inventory(stage)).toEqual(before);
  });

  it('I8: leaves nothing once it is accepted, and says so', async () => {
    const all = staying(Object.keys(shop.servers));
    const { recoveryPoint, servers } = await last('failover');
    const lines = await byCommand({ unreplicatedBlocks: 12 });
    expect(lines).toEqual(
      expect.arrayContaining([expect.stringMatching(/^To be removed: 3 stopped servers, 3 images, /)]),
    );
    expect(lines.at(-1)).toBe('accept of plan shop succeeded');
    await stage.clock.advance(120_000);
    expect(there(all)).toEqual([]);
    const left = inventory(stage).join(' ');
    for (const { image } of Object.values(servers)) expect(left).not.toContain(image);
    const { id, unreplicated, acceptedAt } = await last('failback');
    for (const { snapshot } of Object.values(unreplicated ?? {})) expect(left).not.toContain(snapshot);
    expect(acceptedAt).toBeDefined();
    expect(await eventsOf(stage, id)).toContain(`accepted by ${(await last('accept')).id}: nothing of it stays`);
    expect((await catalogued(stage.catalogue.point('shop', recoveryPoint ?? '')))?.pins).toEqual([]);
    expect(notices().at(-1)).toContain('Removed: 3 stopped servers');
    expect((await printed((console) => showStatus(console, plan))).join()).not.toContain('Stays');
    const again = outcomeOf(await accept());
    expect(again).toMatchObject({ error: 'WrongPhase' });
    expect(again.message).toContain('Nothing of plan shop stays');
    expect(await life.broken()).toEqual([]);
  });

  it('goes by itself after the time of the plan, but not while production is away', async () => {
    await life.run('failover');
    expect(outcomeOf(await accept())).toMatchObject({ error: 'WrongPhase' });
    originals = atHome();
    await life.run('failback');
    const all = staying(Object.keys(shop.servers));
    const { committedAt } = await last('failback');
    const due = new Date(Date.parse(committedAt ?? '') + 3_600_000);
    expect(notices().at(-1)).toContain(`Kept until ${due.toISOString()}, or until you accept`);
    await stage.clock.advance(due.getTime() - stage.clock.now() + 900_000);
    // There is no point yet since it came home.
    expect(there(all)).toEqual(all);
    await life.run('protect');
    await stage.clock.advance(900_000);
    expect(there(all)).toEqual([]);
    expect(await last('accept')).toMatchObject({ outcome: 'succeeded', trigger: 'watch' });
    await life.rest();
    expect(await life.broken()).toEqual([]);
  });

  it('asked for nothing that the simulated cloud does not model', () => expect(stage.cloud.notModelled).toEqual([]));
});

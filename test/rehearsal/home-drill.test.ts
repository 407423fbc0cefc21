import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { showStatus } from '../../lib/cli/operations.ts';
import type { Life } from '../../proof/life.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { isEntered, openLife, outcomeOf, setSchedules, shop } from './shop-stage.ts';

const [home, away] = [shop.primary.region, shop.recovery.region];
const [place = ''] = Object.values(shop.failback.drill?.subnets ?? {});

let life: Life;
let stage: Stage;

const settle = <Value>(work: Promise<Value>) => stage.clock.settle(work);
const ec2 = (region: string) => stage.cloud.services(region).ec2;
const state = () => settle(stage.catalogue.state(shop.name));
const drilling = { plan: shop.name, drill: true };
const lastDrill = async () =>
  (await settle(stage.catalogue.operationsOf(shop.name, 'drill'))).toSorted((a, b) =>
    b.startedAt.localeCompare(a.startedAt),
  )[0];
/** What stands in the drill's network at home, or stood there. */
const drilled = () =>
  [...ec2(home).state.instances.values()].filter(({ interfaces }) => interfaces[0].subnetId === place);
const ending = new Set(['shutting-down', 'terminated']);

/** Blocks by which the volumes of a server launched by the drill differ from those of the server that serves. */
function differing(server: string): number[] {
  const [serving, launched] = [away, home].map((region) => {
    const instances = region === home ? drilled() : [...ec2(region).state.instances.values()];
    const found = instances.findLast(
      ({ state: now, tags }) =>
        !ending.has(now) && tags.some(({ Key, Value }) => Key === 'homeward:server' && Value === server),
    );
    if (found === undefined) throw new Error(`no ${server} in ${region}`);
    const volumes = [...ec2(region).volumesOf(found.id)];
    return new Map(volumes.map(([device, volume]) => [device, ec2(region).contentOf(volume)]));
  });
  return [...(serving ?? [])].map(([device, there]) => {
    const here = launched?.get(device);
    const indexes = new Set([...there.blocks.keys(), ...(here?.blocks.keys() ?? [])]);
    return [...indexes].filter((index) => !blockOf(there, index).equals(blockOf(here, index))).length;
  });
}

function blockOf(content: { blocks: ReadonlyMap<number, Buffer> } | undefined, index: number): Buffer {
  return content?.blocks.get(index) ?? Buffer.alloc(524_288);
}

beforeAll(async () => {
  life = await openLife({ seed: 63 });
  stage = life.stage;
  await setSchedules(stage, 'protect', 'DISABLED');
  expect(outcomeOf(await life.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
  expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
  await life.rest();
  life.write(2);
}, 300_000);
afterAll(async () => {
  await life.rest();
  expect(await life.broken()).toEqual([]);
  stage.close();
});

describe('I10: a drill of the way home', () => {
  it('launches what has come home into a network apart there, and takes it down again, while recovery serves', async () => {
    // The rounds of a failback that is undone bring what was written home, and nothing else.
    ec2(home).setCapacity(`${home}a`, 't3.medium', false);
    expect(outcomeOf(await life.run('failback')).status).toBe('FAILED');
    ec2(home).setCapacity(`${home}a`, 't3.medium', true);
    await life.rest();
    const before = await state();
    const execution = stage.start('failover', drilling);
    await stage.clock.run(() => drilled().filter(({ state: now }) => now === 'running').length === 3);
    expect(['db', 'files', 'web'].map(differing)).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    await settle(stage.states.ended(execution.arn));
    expect(outcomeOf(execution)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await lastDrill()).toMatchObject({
      ...{ kind: 'drill', extent: 'way-home', outcome: 'succeeded', rtoSeconds: expect.any(Number) },
    });
    await life.rest();
    expect(drilled().every(({ state: now }) => ending.has(now))).toBe(true);
    expect({ ...(await state()), lease: null, restingSince: null }).toEqual({
      ...{ ...before, lease: null, restingSince: null },
    });
    const { subject } = stage.cloud.services(away).sns.messages.at(-1) ?? {};
    expect(subject).toBe('Homeward: drill of the way home of plan shop succeeded');
    const [point] = await settle(stage.catalogue.points(shop.name));
    expect(point?.verifiedAt).toBeUndefined();
    const lines: string[] = [];
    await settle(
      showStatus(
        stage.console((line) => lines.push(line)),
        shop,
      ),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^drill of the way home of .*: succeeded/));
    expect(await life.broken()).toEqual([]);
  }, 300_000);

  it('takes no point, which would be none of what production has become', async () => {
    const ended = outcomeOf(await life.run('failover', { ...drilling, recoveryPoint: 'latest-verified' }));
    expect(ended).toMatchObject({ error: 'InvalidInput' });
    expect(ended.message).toContain('recoveryPoint: cannot be chosen while production is away');
  });

  it('makes room for the way home, which waits for nothing', async () => {
    const execution = stage.start('failover', drilling);
    await stage.clock.run(() => isEntered(execution, 'Health'));
    expect(outcomeOf(await life.run('failback'))).toMatchObject({ status: 'SUCCEEDED' });
    await settle(stage.states.ended(execution.arn));
    expect(outcomeOf(execution)).toMatchObject({ status: 'FAILED', error: 'DrillOvertaken' });
    await life.rest();
    expect(drilled().every(({ state: now }) => ending.has(now))).toBe(true);
    expect(await lastDrill()).toMatchObject({ outcome: 'rolled-back', extent: 'way-home' });
  }, 300_000);
});

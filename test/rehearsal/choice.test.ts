import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runOperation } from '../../lib/cli/operations.ts';
import type { Operation } from '../../lib/domain/catalogue.ts';
import type { Life } from '../../proof/life.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { changedIndexes } from '../../sim/blocks/content.ts';
import { eventsOf, isEntered, openLife, outcomeOf, setSchedules, shop } from './shop-stage.ts';

let life: Life;
let stage: Stage;
beforeEach(async () => {
  life = await openLife({ seed: 13 });
  stage = life.stage;
  await setSchedules(stage, 'protect', 'DISABLED');
});
afterEach(async () => {
  stage.close();
});

const away = shop.recovery.region;
const ec2 = (region: string) => stage.cloud.services(region).ec2;
const points = () => stage.clock.settle(stage.catalogue.points(shop.name));

/** Points with writes after each of them, oldest first. */
async function protect(times: number) {
  for (let time = 0; time < times; time += 1) {
    expect(outcomeOf(await life.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
    life.write(2);
    await stage.clock.advance(60_000);
  }
  return points();
}

async function lastFailover(): Promise<Operation | undefined> {
  const all = await stage.clock.settle(stage.catalogue.operations(shop.name));
  return all.findLast(({ kind }) => kind === 'failover');
}

const events = (operation: string | undefined) => eventsOf(stage, operation);

describe('before anything is launched, the operation says', () => {
  it('how much is lost, and which newer point is still under way', async () => {
    const [point] = await protect(1);
    const run = stage.start('protect');
    await stage.clock.run(() => isEntered(run, 'Replicate'));
    await stage.clock.advance(5_000);
    const startedAt = stage.clock.now();
    const failover = stage.start('failover');
    await stage.clock.run(() => isEntered(failover, 'Preflight'));
    expect(stage.cloud.record.calls.filter(({ operation }) => operation === 'RunInstances')).toEqual([]);
    const operation = await lastFailover();
    const underWay = (await points()).at(-1)?.id;
    const lossSeconds = (startedAt - Date.parse(point?.startedAt ?? '')) / 1_000;
    expect(operation?.recoveryPoint).toBe(point?.id);
    expect(Math.abs((operation?.choice?.lossSeconds ?? 0) - lossSeconds)).toBeLessThan(5);
    expect(operation?.choice).toMatchObject({
      servers: {},
      passedOver: [
        {
          point: underWay,
          why: 'it is under way: 3 of 3 servers captured, 0 of 6 volumes complete in the recovery Region',
        },
      ],
    });
    const minutes = Math.ceil(lossSeconds / 60);
    expect(await events(operation?.id)).toEqual(
      expect.arrayContaining([
        `launches from ${point?.id}: what was written in the ${minutes} minutes before the start is lost`,
        expect.stringMatching(`^passes over ${underWay}: it is under way`),
      ]),
    );
  });

  it('why a newer point failed, on the command line too', async () => {
    const [point] = await protect(1);
    ec2(away).setKeyEnabled(shop.recovery.key ?? '', false);
    expect(outcomeOf(await life.run('protect'))).toMatchObject({ error: 'CopyFailed' });
    ec2(away).setKeyEnabled(shop.recovery.key ?? '', true);
    const failed = (await points()).at(-1)?.id;
    const lines: string[] = [];
    const console = stage.console((line) => lines.push(line));
    const request = { kind: 'failover' as const, plan: shop, input: { dryRun: true } };
    expect(await stage.clock.settle(runOperation(console, request))).toBe(true);
    expect(lines).toContainEqual(expect.stringMatching(`^launches from ${point?.id}: what was written`));
    expect(lines).toContainEqual(
      expect.stringMatching(`^passes over ${failed}: it failed: CopyFailed: Copy snap-\\w+ of files:`),
    );
  });

  it('which newer points it steps back past, for all servers together', async () => {
    const [first, second, third] = await protect(3);
    const asOf = new Date(Date.parse(second?.startedAt ?? '') - 1_000).toISOString();
    expect(
      outcomeOf(await life.run('failover', { plan: shop.name, recoveryPoint: { asOf }, dryRun: true })),
    ).toMatchObject({ status: 'SUCCEEDED' });
    const operation = await lastFailover();
    expect(operation?.recoveryPoint).toBe(first?.id);
    // The newest that could have been taken is named; those between were not asked for either.
    expect(operation?.choice?.passedOver).toEqual([
      { point: third?.id, why: 'it is available, and newer than what was asked for' },
    ]);
  });
});

describe('one server from another point than the rest', () => {
  it('is launched with what that point held, and comes home with all that was written since', async () => {
    const [first, , third] = await protect(3);
    const input = {
      plan: shop.name,
      recoveryPoint: third?.id,
      servers: { db: { recoveryPoint: first?.id }, web: { recoveryPoint: 'latest' } },
    };
    expect(outcomeOf(await life.run('failover', input))).toMatchObject({ status: 'SUCCEEDED' });
    const failover = await lastFailover();
    expect(failover?.choice?.servers).toEqual({ db: first?.id });
    expect(failover?.rpoSeconds).toBeGreaterThan(
      (Date.parse(third?.startedAt ?? '') - Date.parse(first?.startedAt ?? '')) / 1_000,
    );
    for (const server of Object.keys(shop.servers)) {
      const volumes = (server === 'db' ? first : third)?.servers[server]?.volumes;
      const launched = ec2(away).volumesOf(stage.workload.instanceIn(away, server) ?? '');
      expect(launched.size).toBe(2);
      for (const [device, volume] of launched) {
        const copy = volumes?.[device]?.copy ?? '';
        expect(changedIndexes(ec2(away).contentOf(volume), ec2(away).contentOf(copy))).toEqual([]);
      }
    }
    expect((await points()).map(({ pins }) => pins.length)).toEqual([1, 0, 1]);
    await life.rest();
    life.write(3);
    expect(outcomeOf(await life.run('failback'))).toMatchObject({ status: 'SUCCEEDED' });
    await life.rest();
    life.write(1);
    expect(outcomeOf(await life.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
    await life.rest();
    expect(await life.broken()).toEqual([]);
  });

  it('is given free again when the failover is undone', async () => {
    const [first] = await protect(2);
    ec2(away).setCapacity(`${away}a`, 't3.medium', false);
    const input = { plan: shop.name, servers: { db: { recoveryPoint: first?.id } } };
    expect(outcomeOf(await life.run('failover', input))).toMatchObject({ status: 'FAILED' });
    await life.rest();
    expect((await points()).map(({ pins }) => pins)).toEqual([[], []]);
    expect(await life.broken()).toEqual([]);
  });

  it.each([
    [
      { mail: { recoveryPoint: 'latest' } },
      'InvalidInput',
      'servers.mail: is not a server of the plan. Servers: db, files, web.',
    ],
    [{ db: { recoveryPoint: 'yesterday' } }, 'InvalidInput', 'servers.db.recoveryPoint: is not "latest"'],
    [{ db: { recoveryPoint: 'rp-20200101T000000Z-aaaaaa' } }, 'UnknownRecoveryPoint', 'rp-20200101T000000Z-aaaaaa'],
  ])('that cannot be is refused, and changes nothing: %o', async (servers, error, message) => {
    await protect(1);
    const before = await stage.clock.settle(stage.catalogue.state(shop.name));
    const ended = outcomeOf(await stage.run('failover', { plan: shop.name, servers }));
    expect(ended).toMatchObject({ status: 'FAILED', error, message: expect.stringContaining(message) });
    expect(await stage.clock.settle(stage.catalogue.state(shop.name))).toEqual(before);
  });
});

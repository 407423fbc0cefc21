import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { showStatus } from '../../lib/cli/operations.ts';
import type { Operation } from '../../lib/domain/catalogue.ts';
import type { Life } from '../../proof/life.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { closeKept, eventsOf, isEntered, measured, openProtectedLife, outcomeOf, shop } from './shop-stage.ts';

const [home, away] = [shop.primary.region, shop.recovery.region];
/** Three servers with two volumes each. */
const volumes = 6;

let life: Life;
let stage: Stage;
beforeAll(async () => {
  life = await openProtectedLife({ seed: 71 });
  stage = life.stage;
  expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
  await life.rest();
  stage.workload.onWrite(({ volume, index }) => written.add(`${volume}/${index}`));
}, 300_000);
afterAll(() => closeKept(life));

/** Blocks that were written since the last clearing, each once. */
const written = new Set<string>();
function write(blocks: number, isAfterRound = true): void {
  if (isAfterRound) written.clear();
  life.write(blocks);
}

const settle = <Value>(work: Promise<Value>) => stage.clock.settle(work);

async function last(kind: Operation['kind']): Promise<Operation | undefined> {
  const all = await settle(stage.catalogue.operations(shop.name));
  return all
    .filter((each) => each.kind === kind)
    .toSorted((a, b) => a.epoch - b.epoch)
    .at(-1);
}

/** Snapshots that rounds have made, as the cloud has them. */
function ofRounds(region: string, purpose: string): string[] {
  const all = stage.cloud.services(region).ec2.allResources();
  return all.filter(({ tags }) => tags['homeward:purpose'] === purpose).map(({ id }) => id);
}

async function status(): Promise<string> {
  const lines: string[] = [];
  await settle(
    showStatus(
      stage.console((line) => lines.push(line)),
      shop,
    ),
  );
  return lines.join('\n');
}

describe('while production is away, the schedule of the plan brings home what changes there', () => {
  it('a run moves the blocks that were written, keeps one twin of each volume, and leaves the phase alone', async () => {
    expect(await status()).toMatch(/came home: .*db not yet since 2026/);
    for (const blocks of [2, 3]) {
      write(blocks);
      expect(outcomeOf(await life.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
      const run = await last('protect');
      expect(run).toMatchObject({
        extent: 'reverse',
        outcome: 'succeeded',
        rounds: [{ blocksMoved: written.size }],
      });
    }
    expect(await settle(stage.catalogue.state(shop.name))).toMatchObject({ phase: 'recovered', lease: null });
    expect([ofRounds(home, 'failback-base').length, ofRounds(away, 'failback-round').length]).toEqual([
      volumes,
      volumes,
    ]);
    expect(await status()).toMatch(/came home: .*db as of 2026/);
  });

  it('what came home last is what the plan would lose, for its metric and its alarms', async () => {
    await stage.clock.advance(600_000);
    const round = (await last('protect'))?.rounds[0];
    const age = (stage.clock.now() - Date.parse(round?.startedAt ?? '')) / 1_000;
    const published = (await measured(stage, 'RpoActual', 'Maximum', 5)).at(-1);
    expect(published).toBeGreaterThan(age - 62);
    expect(published).toBeLessThan(age + 1);
  });

  it('while the primary Region is silent the newest snapshots of what serves stay beside it, older ones go, and the run says so', async () => {
    stage.cloud.faults.lose(home);
    written.clear();
    for (const _run of [1, 2]) {
      write(1, false);
      expect(outcomeOf(await life.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
      expect(ofRounds(away, 'failback-round').length).toBe(2 * volumes);
      expect(await eventsOf(stage, (await last('protect'))?.id)).toContainEqual(
        expect.stringMatching(/eu-west-1 does not answer, so nothing came home/),
      );
    }
    stage.cloud.faults.restore(home);
    write(1, false);
    expect(outcomeOf(await life.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await last('protect')).toMatchObject({ rounds: [{ blocksMoved: written.size }] });
    expect(ofRounds(away, 'failback-round').length).toBe(volumes);
  });

  it('a failback takes the plan from a run that is under way, and moves only what was written since the last whole one', async () => {
    write(4);
    const { history } = stage.start('protect');
    await stage.clock.run(() => history.some(({ state }) => state?.name === 'Round delta: volumes'));
    // Whoever only looks takes nothing from it.
    const looked = await stage.run('failback', { plan: shop.name, estimateOnly: true });
    expect(outcomeOf(looked)).toMatchObject({ status: 'FAILED', error: 'OperationAlreadyRunning' });
    const failback = stage.start('failback');
    await settle(stage.states.ended(failback.arn));
    expect(outcomeOf(failback)).toMatchObject({ status: 'SUCCEEDED' });
    const overtaken = stage.executions('protect').findLast((execution) => isEntered(execution, 'Round'));
    expect(overtaken?.status).toBe('FAILED');
    const run = await last('protect');
    expect(run?.cause).toMatch(/no longer owns the plan/);
    const left = () =>
      [home, away].flatMap((region) => {
        const all = stage.cloud.services(region).ec2.allResources();
        return all.filter(({ tags }) => tags['homeward:operation'] === run?.id);
      });
    expect(left().length).toBeGreaterThan(0);
    expect((await last('failback'))?.rounds[0]).toMatchObject({ blocksMoved: written.size });
    await life.rest();
    // What the overtaken run left goes with the next prune.
    expect(outcomeOf(await life.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(left()).toEqual([]);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { complete } from '../../lib/steps/transfer/complete.ts';
import { away, block, TransferStage } from './transfer-stage.ts';

let stage: TransferStage;
beforeEach(async () => {
  stage = await TransferStage.open();
});
afterEach(() => {
  stage.clock.uninstall();
  expect(stage.cloud.notModelled).toEqual([]);
});

describe('I4: the block engine', () => {
  it('carries exactly the changed blocks: changed, new, zeroed and vanished ones', async () => {
    const volume = stage.newVolume();
    for (const index of [3, 4, 5, 6]) stage.write(volume, index, block(index));
    const base = await stage.snapshot(volume);
    const farBase = await stage.copyHome(base);
    stage.write(volume, 4, block(44));
    stage.write(volume, 5, block(0));
    stage.cloud.services(away).ec2.discardBlock(volume, 6);
    stage.write(volume, 9, block(9));
    const { item, started, again } = await stage.begin({ base, later: await stage.snapshot(volume), farBase });
    expect(again).toEqual(started);
    await stage.moveAll(item, started);
    await stage.completeAll(item, started.target);
    const { record, arrived, notes } = await stage.outcome(item, started.target);

    expect(record).toMatchObject({ method: 'delta', listedBlocks: 4, changedBlocks: 4 });
    expect(notes).toEqual([]);
    for (const [index, fill] of [
      [3, 3],
      [4, 44],
      [5, 0],
      [6, 0],
      [9, 9],
    ] as const) {
      expect(arrived.get(index)?.equals(block(fill)), `block ${index}`).toBe(true);
    }
  });

  it('is completed by two runs of the step side by side, of which one is told of it too late', async () => {
    const volume = stage.newVolume();
    const base = await stage.snapshot(volume);
    const farBase = await stage.copyHome(base);
    stage.write(volume, 4, block(4));
    const { item, started } = await stage.begin({ base, later: await stage.snapshot(volume), farBase });
    const { target } = started;
    await stage.moveAll(item, started);
    // What the first of the two is told is old by the time it arrives.
    stage.cloud.faults.add({ kind: 'answer-late', operation: 'DescribeSnapshots', times: 1 });
    const both = [0, 1].map(() => complete(stage.services, { ...item, target, poll: { polls: 0 } }));
    await stage.clock.settle(Promise.all(both));
    await stage.completeAll(item, target);
    expect((await stage.outcome(item, target)).arrived.get(4)?.equals(block(4))).toBe(true);
    const refused = stage.cloud.record.calls.filter(
      ({ operation, outcome }) => operation === 'CompleteSnapshot' && outcome === 'refused',
    );
    expect(refused).toHaveLength(1);
  });

  it('compares two that AWS does not take for related, and writes only what differs', async () => {
    const [before, after] = [stage.newVolume(), stage.newVolume()];
    for (const index of [2, 3, 4, 5, 6, 2_000, 2_001]) stage.write(before, index, block(index % 251));
    for (const index of [3, 5, 2_000]) stage.write(after, index, block(index % 251));
    stage.write(after, 4, block(44));
    stage.write(after, 6, block(0));
    stage.write(after, 9, block(9));
    const base = await stage.snapshot(before);
    const farBase = await stage.copyHome(base);
    const { record, arrived } = await stage.carry({ base, later: await stage.snapshot(after), farBase });

    // Blocks 2 and 2,001 are gone, 4 and 6 are others, 9 is new; the image of both wrote block 0.
    expect(record).toMatchObject({ method: 'compare', listedBlocks: 9, changedBlocks: 5 });
    expect(stage.answered('PutSnapshotBlock')).toEqual([2, 4, 6, 9, 2_001]);
    const wanted = new Map([2, 3, 4, 5, 6, 9, 2_000, 2_001].map((index) => [index, block(index % 251)]));
    for (const [index, fill] of [
      [2, 0],
      [4, 44],
      [6, 0],
      [2_001, 0],
    ] as const)
      wanted.set(index, block(fill));
    for (const [index, bytes] of wanted) expect(arrived.get(index)?.equals(bytes), `block ${index}`).toBe(true);
  });
});

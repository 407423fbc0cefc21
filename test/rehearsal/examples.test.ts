import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Plan } from '../../lib/domain/plan.ts';
import { readPlanFile } from '../../lib/plan-file/read.ts';
import { rehearse } from '../../rehearsal/rehearse.ts';
import { brokenPromises, plainView } from '../../rehearsal/view.ts';
import { readWorldFile } from '../../rehearsal/world.ts';
import { synthesisMs } from './shop-stage.ts';

function read(name: string) {
  const [plans, world] = [`examples/${name}.yaml`, `examples/${name}.world.yaml`];
  const reading = readPlanFile(plans, readFileSync(plans, 'utf8'));
  if (reading.kind === 'wrong') throw new Error(JSON.stringify(reading.problems));
  const plan = reading.value[0] as Plan;
  const day = readWorldFile(world, readFileSync(world, 'utf8'), plan);
  if (day.kind === 'wrong') throw new Error(JSON.stringify(day.problems));
  return { plan, world: day.value };
}

// The shop is rehearsed by `npm start`.
it(
  'the fleet of the examples goes through its bad day and comes home whole',
  async () => {
    const { plan, world } = read('fleet');
    const report = await rehearse(
      { plan, world, seed: 1 },
      plainView(() => {}),
    );
    expect(brokenPromises(plan, report)).toEqual([]);
    expect(report.failover).toMatchObject({ outcome: 'succeeded', trigger: 'cli' });
    expect(report.failback).toMatchObject({ outcome: 'succeeded' });
    const moved = report.failback?.volumes.map(({ volume, blocksMoved }) => [volume, blocksMoved > 0]);
    expect(Object.fromEntries(moved ?? [])).toEqual({
      'db:/dev/xvda': false,
      'db:/dev/sdf': true,
      'workers-0a000000000000001:/dev/xvda': false,
      'workers-0a000000000000002:/dev/xvda': false,
      'workers-0a000000000000003:/dev/xvda': false,
      'workers-0a000000000000003:/dev/sdf': true,
    });
  },
  synthesisMs,
);

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Plan } from '../../lib/domain/plan.ts';
import { readPlanFile } from '../../lib/plan-file/read.ts';
import { readWorldFile } from '../../rehearsal/world.ts';

it.each(['shop', 'fleet'])('the example %s and its world are right', (name) => {
  const [plans, world] = [`examples/${name}.yaml`, `examples/${name}.world.yaml`];
  const reading = readPlanFile(plans, readFileSync(plans, 'utf8'));
  expect(reading).toMatchObject({ kind: 'read', value: [{ name }] });
  const [plan] = (reading as { value: Plan[] }).value;
  expect(readWorldFile(world, readFileSync(world, 'utf8'), plan as Plan)).toMatchObject({ kind: 'read' });
});

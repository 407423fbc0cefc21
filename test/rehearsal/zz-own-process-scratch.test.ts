import { expect, it } from 'vitest';
import { openShop } from './shop-stage.ts';
it('scratch', async () => {
  for (const seed of [1, 2, 3]) {
    const stage = await openShop(seed);
    await stage.clock.advance(300_000);
    const r = stage.cloud.services(stage.plan.recovery.region);
    console.log(seed, r.cloudwatch.transitions.map((t) => `${new Date(t.state.updatedAt).toISOString()} ${t.previous.value}->${t.state.value}`),
      r.stepfunctions.executions.map((e) => `${e.name} ${e.machineArn.slice(-40)} ${e.status}`), r.lambda.coldStarts);
    stage.close();
  }
  expect(1).toBe(1);
});

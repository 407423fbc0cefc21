import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findLeftovers, inventory } from '../../rehearsal/leftovers.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { openShop, outcomeOf, protectNow, shop } from './shop-stage.ts';

let stage: Stage;
let before: Set<string>;
beforeEach(async () => {
  stage = await openShop(9);
  before = new Set(inventory(stage));
  await protectNow(stage);
});
afterEach(() => stage.close());

const home = shop.primary.region;
const away = shop.recovery.region;
const ec2 = (region: string) => stage.cloud.services(region).ec2;
const state = () => stage.clock.settle(stage.catalogue.state(shop.name));

/** The web server that DNS leads to, in whichever Region. */
function served(): { region: string; serving: boolean } | undefined {
  const address = stage.cloud.services(away).route53.resolve('shop.example.com', 'A')?.values[0] ?? '';
  const region = [home, away].find((each) => ec2(each).instanceAt(address) !== undefined);
  return region === undefined ? undefined : { region, serving: ec2(region).instanceAt(address)?.serving === true };
}

async function failover() {
  const [operation] = (await stage.clock.settle(stage.catalogue.operations(shop.name))).filter(
    ({ kind }) => kind === 'failover',
  );
  return operation;
}

describe('I5: a failover that cannot be finished', () => {
  const cases: [string, () => void, string, RegExp][] = [
    [
      'for want of capacity in the second wave',
      () => ec2(away).setCapacity(`${away}a`, 't3.medium', false),
      'LaunchFailed',
      /InsufficientInstanceCapacity/,
    ],
    [
      'because Route 53 refuses the change of traffic',
      () => stage.cloud.faults.add({ kind: 'refused', operation: 'ChangeResourceRecordSets', times: 1 }),
      'AwsRefused',
      /switch shop\.example\.com/,
    ],
  ];
  for (const [name, hinder, error, message] of cases) {
    it(`${name} ends rolled back: the primary serves again, nothing is left over, and it can be tried again`, async () => {
      hinder();
      const ended = outcomeOf(await stage.run('failover'));
      expect(ended).toMatchObject({ status: 'FAILED', error, message: expect.stringMatching(message) });
      expect(await failover()).toMatchObject({ outcome: 'rolled-back', committedAt: null });
      expect(await state()).toMatchObject({ phase: 'protected', activeSite: 'primary', fence: null, lease: null });
      await stage.clock.advance(180_000);
      expect(served()).toEqual({ region: home, serving: true });
      expect(await stage.clock.settle(findLeftovers(stage, before))).toEqual([]);
      ec2(away).setCapacity(`${away}a`, 't3.medium', true);
      expect(outcomeOf(await stage.run('failover')).status).toBe('SUCCEEDED');
      await stage.clock.advance(60_000);
      expect(served()).toEqual({ region: away, serving: true });
    });
  }
});

describe('a failover whose commit loses every answer', () => {
  it('has committed all the same: it is not undone, and its operation says succeeded', async () => {
    // Its eighth call is the write to the plan's state; every repeat dies as well.
    stage.cloud.faults.add({ kind: 'crash-after', caller: 'FailoverCommit', skip: 7, times: 50 });
    const ended = outcomeOf(await stage.run('failover'));
    expect(ended.status).toBe('FAILED');
    expect(await failover()).toMatchObject({ outcome: 'succeeded' });
    expect(await state()).toMatchObject({ phase: 'recovered', activeSite: 'recovery', lease: null });
    await stage.clock.advance(60_000);
    expect(served()).toEqual({ region: away, serving: true });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MachineKind, Stage } from '../../rehearsal/stage.ts';
import { openShop, outcomeOf, protectNow } from './shop-stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openShop();
});
afterAll(() => stage.close());

/** What the functions asked for since the last call that is more than reading. */
function writes(): string[] {
  const names = stage.cloud.record.calls.splice(0).map(({ operation }) => operation);
  return names.filter((name) => !/^(GetItem|Query|Describe.*|List.*|PutMetricData)$/.test(name));
}

async function run(kind: MachineKind, input: unknown) {
  const execution = await stage.run(kind, input);
  const all = execution.history.filter(({ type }) => type === 'StateEntered').map(({ state }) => state?.name);
  const entered = all.filter((state) => state !== 'May be called off?');
  return { ...outcomeOf(execution), entered };
}

describe('I12: a wrong input ends the execution at its first state, changes nothing and locks nothing', () => {
  const cases: [string, 'failover' | 'failback', unknown, string, string][] = [
    [
      'an unknown plan',
      'failover',
      { plan: 'shoop' },
      'UnknownPlan',
      'There is no plan "shoop" in this Region. Deployed plans: shop.',
    ],
    ['no plan', 'failover', {}, 'InvalidInput', 'plan: '],
    ['a misspelt field', 'failover', { plan: 'shop', recoverypoint: 'latest' }, 'InvalidInput', 'recoverypoint'],
    [
      'a point that is none',
      'failover',
      { plan: 'shop', recoveryPoint: 'yesterday' },
      'InvalidInput',
      'recoveryPoint: is not "latest"',
    ],
    ['a text instead of an object', 'failover', 'shop', 'InvalidInput', 'A right input is {"plan": "shop"}'],
    [
      'a plan without recovery points',
      'failover',
      { plan: 'shop' },
      'RecoveryPointNotAvailable',
      'no available recovery point yet',
    ],
    [
      'an unknown recovery point',
      'failover',
      { plan: 'shop', recoveryPoint: 'rp-20260105T100000Z-aaaaaa' },
      'UnknownRecoveryPoint',
      'no recovery point rp-20260105T100000Z-aaaaaa',
    ],
    [
      'a failback while production is at home',
      'failback',
      { plan: 'shop' },
      'WrongPhase',
      'its phase is protected, failback needs recovered. In phase protected protect, failover and accept are possible.',
    ],
  ];
  for (const [name, operation, input, error, text] of cases) {
    it(`${name}: ${error}`, async () => {
      writes();
      const ended = await run(operation, input);
      expect(ended).toMatchObject({ status: 'FAILED', error, entered: ['Open'] });
      expect(ended.message).toContain(text);
      expect(writes()).toEqual([]);
    });
  }

  it('an operation while another one runs: OperationAlreadyRunning', async () => {
    await protectNow(stage);
    const running = stage.start('failover');
    await stage.clock.advance(5_000);
    writes();
    const ended = await run('failover', { plan: 'shop' });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'OperationAlreadyRunning', entered: ['Open'] });
    expect(ended.message).toContain(`failover failover-${running.name} is running`);
    expect((await stage.clock.settle(stage.states.ended(running.arn))).status).toBe('SUCCEEDED');
  });

  it('new servers at home of a plan that wants none: InvalidInput, saying what to write', async () => {
    writes();
    const ended = await run('failback', { plan: 'shop', newServers: true });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'InvalidInput', entered: ['Open'] });
    expect(ended.message).toContain('Write "failback.newServers" into the plan');
    expect(writes()).toEqual([]);
  });

  it('a recovery point that is not available: RecoveryPointNotAvailable, naming the newest that is', async () => {
    await stage.run('failback');
    const { id } = await brokenPoint();
    writes();
    const ended = await run('failover', { plan: 'shop', recoveryPoint: id });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'RecoveryPointNotAvailable', entered: ['Open'] });
    expect(ended.message).toMatch(
      new RegExp(`^Recovery point ${id} .* is failed, .* The newest available point is rp-`),
    );
    expect(writes()).toEqual([]);
  });
});

/** A point whose capture was refused. */
async function brokenPoint() {
  await stage.clock.run(() => stage.executions('protect').every(({ status }) => status !== 'RUNNING'));
  stage.cloud.faults.add({ kind: 'refused', operation: 'CreateSnapshots', times: 9 });
  await protectNow(stage);
  const points = await stage.clock.settle(stage.catalogue.points('shop'));
  const failed = points.find(({ status }) => status === 'failed');
  if (failed === undefined) throw new Error('a point must have failed');
  return failed;
}

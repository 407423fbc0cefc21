import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { Life } from '../../proof/life.ts';
import { shop, smallShop } from '../../proof/shop.ts';
import type { Execution } from '../../sim/stepfunctions/stepfunctions.ts';
import { isEntered, outcomeOf } from './shop-stage.ts';

let life: Life;
beforeEach(async () => {
  life = await Life.open({ plan: shop, world: smallShop, seed: 13, assembly: inject('shopAssembly') });
  await life.run('protect');
});
afterEach(() => life.stage.close());

const region = shop.recovery.region;

async function stopAt(execution: Execution, name: string): Promise<void> {
  await life.stage.clock.run(() => isEntered(execution, name));
  await life.stage.clock.settle(life.stage.stop(execution));
}

/** Nothing broken, and the plan can be protected. */
async function expectSound(): Promise<void> {
  await life.rest();
  expect(await life.broken()).toEqual([]);
}

describe('I6: only the holder of the epoch changes anything', () => {
  it('when two failovers are started at once', async () => {
    const [one, other] = [life.stage.start('failover'), life.stage.start('failover')];
    await life.rest();
    const outcomes = [outcomeOf(one), outcomeOf(other)];
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['FAILED', 'SUCCEEDED']);
    expect(outcomes.map(({ error }) => error)).toContain('OperationAlreadyRunning');
    await expectSound();
  });

  it('when a late Lambda of a stopped and undone failover still launches a server', async () => {
    const execution = life.stage.start('failover');
    await stopAt(execution, 'Health');
    const { lambda, ec2 } = life.stage.cloud.services(region);
    const late = lambda.invocations.find(({ functionName }) => functionName.includes('FailoverLaunch'));
    await life.rest();
    const before = ec2.allResources().length;
    const invoked = lambda.invoke(late?.functionName ?? '', late?.payload);
    await expect(life.stage.clock.settle(invoked)).rejects.toMatchObject({ name: 'StaleEpoch' });
    expect(ec2.allResources()).toHaveLength(before);
    await expectSound();
  });

  it('when the lease of a run that is still under way has expired, and another has taken the plan', async () => {
    const slow = life.stage.start('protect');
    await life.stage.clock.run(() => isEntered(slow, 'Replicate'));
    await life.stage.clock.settle(
      new DynamoDBClient(life.stage.cloud.clientConfig(region)).send(
        new UpdateItemCommand({
          TableName: life.stage.tableName,
          Key: { pk: { S: `PLAN#${shop.name}` }, sk: { S: 'STATE' } },
          UpdateExpression: 'SET #lease.#until = :past',
          ExpressionAttributeNames: { '#lease': 'lease', '#until': 'until' },
          ExpressionAttributeValues: { ':past': { S: '2026-01-01T00:00:00.000Z' } },
        }),
      ),
    );
    const next = await life.stage.run('protect');
    await life.rest();
    expect(outcomeOf(next)).toMatchObject({ status: 'SUCCEEDED' });
    expect(outcomeOf(slow)).toMatchObject({ status: 'FAILED', error: 'StaleEpoch' });
    await expectSound();
  });

  // Found by soak seed 1: outage, alarm, and an operator who stops what waits for the lost Region.
  it('when a protect run is stopped after a failover has taken its plan', async () => {
    const preempted = life.stage.start('protect');
    await life.stage.clock.run(() => isEntered(preempted, 'Replicate'));
    const failover = life.stage.start('failover');
    await stopAt(preempted, 'Replicate');
    await life.rest();
    expect(outcomeOf(failover)).toMatchObject({ status: 'SUCCEEDED' });
    await expectSound();
  });

  it('when a stopped failover is redriven after it has been undone', async () => {
    const execution = life.stage.start('failover');
    await stopAt(execution, 'Health');
    await life.rest();
    await life.stage.clock.settle(life.stage.redrive(execution));
    await life.rest();
    expect(outcomeOf(execution)).toMatchObject({ status: 'FAILED', error: 'StaleEpoch' });
    await expectSound();
  });
});

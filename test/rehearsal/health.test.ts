import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Life } from '../../proof/life.ts';
import { probingShop } from '../../proof/shop.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import type { CommandInvocation } from '../../sim/ssm/ssm.ts';
import { assemblyOf, openLife, outcomeOf, setSchedules, shop } from './shop-stage.ts';

const assembly = assemblyOf(probingShop);

let life: Life;
let stage: Stage;
beforeEach(async () => {
  life = await openLife({ plan: probingShop, seed: 81, assembly: assembly() });
  stage = life.stage;
  await setSchedules(stage, 'protect', 'DISABLED');
  expect(outcomeOf(await life.run('protect'))).toMatchObject({ status: 'SUCCEEDED' });
  life.write(1);
});
afterEach(async () => {
  await life.rest();
  expect(await life.broken()).toEqual([]);
  for (const region of [shop.primary.region, shop.recovery.region]) expect(besides(sent(region))).toEqual([]);
  stage.close();
});

const away = shop.recovery.region;
const sent = (region: string) => stage.cloud.services(region).ssm.invocations;
/** Each in a shell of its own. */
const shells = (...commands: string[]) => commands.flatMap((command) => ['(', command, ') || exit $?']);
/** Commands that were sent to a server while another one could still run there. */
const besides = (invocations: readonly CommandInvocation[]) =>
  invocations.filter((one, index) =>
    invocations.some(
      ({ instanceId, endedAt = Number.POSITIVE_INFINITY }, other) =>
        other < index && instanceId === one.instanceId && endedAt > one.sentAt,
    ),
  );

describe('health commands', () => {
  it('hold a wave up until they succeed, away and at home, and no two of them run side by side', async () => {
    stage.guests.setManners('db', { health: 'hangs' });
    stage.cloud.faults.add({ kind: 'answer-lost', operation: 'SendCommand' });
    const execution = stage.start('failover');
    const ended = (wanted: string) => sent(away).filter(({ status }) => status === wanted).length;
    await stage.clock.run(() => ended('TimedOut') === 2);
    stage.guests.setManners('db', { health: 'fails' });
    await stage.clock.run(() => ended('Failed') === 2);
    expect(execution.status).toBe('RUNNING');
    expect(sent(away)[0]?.lines).toEqual(shells('pg_isready --quiet', 'test -e /data/ready'));
    stage.guests.setManners('db', { health: 'passes' });
    await stage.clock.settle(stage.states.ended(execution.arn));
    expect(outcomeOf(execution)).toMatchObject({ status: 'SUCCEEDED' });
    // Once it has succeeded nothing is sent any more.
    expect(sent(away).map(({ status }) => status)).toEqual(['TimedOut', 'TimedOut', 'Failed', 'Failed', 'Success']);
    await life.rest();
    expect(outcomeOf(await life.run('failback'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(sent(shop.primary.region).map(({ status }) => status)).toEqual(['Success']);
  });

  it('that fail to the end undo the operation, which says what they said', async () => {
    stage.guests.setManners('db', { health: 'fails' });
    expect(outcomeOf(await life.run('failover'))).toMatchObject({
      error: 'WaveUnhealthy',
      message: expect.stringContaining(
        'db has not passed its health commands yet: Failed, exit code 3: shop.service is inactive',
      ),
    });
  });

  it('are asked in a drill, of servers whose agents have registered', async () => {
    expect(outcomeOf(await stage.run('failover', { plan: shop.name, drill: true }))).toMatchObject({
      status: 'SUCCEEDED',
    });
    expect(sent(away).map(({ status }) => status)).toEqual(['Success']);
    stage.cloud.services(away).ssm.managedInstances = () => [];
    expect(outcomeOf(await stage.run('failover', { plan: shop.name, drill: true }))).toMatchObject({
      error: 'WaveUnhealthy',
      message: expect.stringContaining('its agent is not registered with Systems Manager'),
    });
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerQuestion, showStatus } from '../../lib/cli/operations.ts';
import type { Evidence } from '../../lib/domain/evidence.ts';
import type { Life } from '../../proof/life.ts';
import { takePlace } from '../../proof/replace-volume.ts';
import { asking } from '../../proof/shop.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import type { Execution } from '../../sim/stepfunctions/stepfunctions.ts';
import { assemblyOf, closeKept, isEntered, openProtectedLife, outcomeOf, shop } from './shop-stage.ts';

const askingShop = asking(shop);
const assembly = assemblyOf(askingShop);

let life: Life;
let stage: Stage;
beforeEach(async () => {
  life = await openProtectedLife({ plan: askingShop, seed: 31, assembly: assembly() });
  stage = life.stage;
});
afterEach(() => closeKept(life));

const home = shop.primary.region;
const away = shop.recovery.region;
const minuteMs = 60_000;
const ec2 = (region: string) => stage.cloud.services(region).ec2;
const told = () => stage.cloud.services(away).sns.messages;
const state = () => stage.clock.settle(stage.catalogue.state(shop.name));

/** Until the execution waits for an answer to its next question. */
async function asked(execution: Execution, where: string): Promise<void> {
  await stage.clock.run(() => execution.status !== 'RUNNING' || isEntered(execution, `Ask in ${where}: wait`));
  expect(execution.status).toBe('RUNNING');
}

async function ended(execution: Execution) {
  await stage.clock.settle(stage.states.ended(execution.arn));
  return outcomeOf(execution);
}

const answer = async (kind: 'failover' | 'failback', input: object) =>
  outcomeOf(await stage.run(kind, { plan: shop.name, ...input }));

/** At the command line; gives what it printed. */
async function answerByHand(word: string, because?: string): Promise<string[]> {
  const lines: string[] = [];
  const request = { plan: askingShop, answer: word, because, by: 'kim at the command line' };
  await stage.clock.settle(
    answerQuestion(
      stage.console((line) => lines.push(line)),
      request,
    ),
  );
  return lines;
}

async function operationOf({ name }: Execution, kind: 'failover' | 'failback') {
  return stage.clock.settle(stage.catalogue.operation(shop.name, `${kind}-${name}`));
}

describe('I11: a failover that a person has to decide', () => {
  it('asks whether an owed fence is accepted, and before traffic; says how to answer, and goes on', async () => {
    stage.cloud.faults.lose(home);
    const execution = stage.start('failover');
    await asked(execution, 'Fence');
    expect(told().at(-1)?.subject).toBe('Homeward: failover of plan shop asks you');
    expect(told().at(-1)?.message).toMatch(/could not be stopped \(silent\).*Answers: proceed, wait, undo\..*: undo\./);
    expect(told().at(-1)?.message).toContain('{"plan":"shop","answer":"proceed"}');
    expect(told().at(-1)?.message).toContain(execution.arn);
    const lines: string[] = [];
    await stage.clock.settle(
      showStatus(
        stage.console((line) => lines.push(line)),
        askingShop,
      ),
    );
    expect(lines.join('\n')).toMatch(/question: The servers of plan shop .* Shall the failover go on\?/);
    expect([...ec2(away).state.instances.values()]).toEqual([]);
    expect(await answer('failover', { answer: 'proceed' })).toMatchObject({ status: 'SUCCEEDED' });
    await asked(execution, 'Switch traffic');
    expect(await operationOf(execution, 'failover')).toMatchObject({
      progression: 'waiting for an answer: traffic',
      traffic: [],
      questions: { 'owed-fence': { answer: { word: 'proceed', by: 'console' } } },
    });
    expect(await answerByHand('proceed')).toEqual([`failover-${execution.name} was answered proceed`]);
    expect(await ended(execution)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await state()).toMatchObject({ activeSite: 'recovery', fence: { status: 'owed' } });
    expect((await operationOf(execution, 'failover'))?.questions['traffic']?.answer).toMatchObject({
      word: 'proceed',
      by: 'kim at the command line',
    });
    expect(told().filter(({ subject }) => subject?.includes('asks you'))).toHaveLength(2);
    await stage.clock.advance(minuteMs);
    const [evidence] = stage.cloud.services(away).s3.all();
    const { approvals } = JSON.parse(evidence?.body.toString() ?? '{}') as Evidence;
    expect(approvals.map(({ key, answer: given }) => [key, given?.word, given?.by])).toEqual([
      ['owed-fence', 'proceed', 'console'],
      ['traffic', 'proceed', 'kim at the command line'],
    ]);
    stage.cloud.faults.restore(home);
  });

  it('takes itself back when the answer is undo, and says who said so, and why', async () => {
    const execution = stage.start('failover');
    await asked(execution, 'Switch traffic');
    expect(await answerByHand('undo', 'the alarm was wrong')).toHaveLength(1);
    expect(await ended(execution)).toMatchObject({
      status: 'FAILED',
      error: 'CalledOff',
      message: expect.stringContaining('undo by kim at the command line: the alarm was wrong'),
    });
    expect(await operationOf(execution, 'failover')).toMatchObject({ outcome: 'rolled-back', committedAt: null });
    expect(await state()).toMatchObject({ phase: 'protected', activeSite: 'primary', fence: null });
  });

  it('does what the plan says when nobody answers in time: takes itself back, or goes on', async () => {
    stage.cloud.faults.lose(home);
    const execution = stage.start('failover');
    await asked(execution, 'Fence');
    stage.cloud.faults.restore(home);
    const from = stage.clock.now();
    expect(await ended(execution)).toMatchObject({
      error: 'CalledOff',
      message: expect.stringContaining('undo by nobody in time'),
    });
    expect(stage.clock.now() - from).toBeLessThan(12 * minuteMs);
    expect(await state()).toMatchObject({ phase: 'protected', fence: null });
    await life.rest();
    const next = stage.start('failover');
    await asked(next, 'Switch traffic');
    const waited = stage.clock.now();
    expect(await ended(next)).toMatchObject({ status: 'SUCCEEDED' });
    expect(stage.clock.now() - waited).toBeGreaterThan(28 * minuteMs);
  });

  it('looks again when the answer is wait: a primary that answers by then is fenced', async () => {
    stage.cloud.faults.lose(home);
    const execution = stage.start('failover');
    await asked(execution, 'Fence');
    stage.cloud.faults.restore(home);
    expect(await answer('failover', { answer: 'wait' })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await ended(execution)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await state()).toMatchObject({ activeSite: 'recovery', fence: { status: 'confirmed' } });
  });

  it('asks again of a wave that stays unhealthy, and goes on with it as it is where a person says so', async () => {
    ec2(away).timings.serviceStartMs = 20 * 86_400_000;
    const execution = stage.start('failover');
    await asked(execution, 'Health');
    expect(told().at(-1)?.message).toMatch(/Wave 1 of plan shop is not healthy .* does not accept TCP/);
    const first = (await operationOf(execution, 'failover'))?.questions['wave-1']?.askedAt;
    expect(await answer('failover', { answer: 'wait' })).toMatchObject({ status: 'SUCCEEDED' });
    await stage.clock.run(() => told().filter(({ subject }) => subject?.includes('asks you')).length === 2);
    expect((await operationOf(execution, 'failover'))?.questions['wave-1']?.askedAt).not.toBe(first);
    expect(await answer('failover', { answer: 'proceed' })).toMatchObject({ status: 'SUCCEEDED' });
    await stage.clock.run(() => told().filter(({ subject }) => subject?.includes('asks you')).length === 3);
    expect(told().at(-1)?.message).toMatch(/Wave 2 of plan shop is not healthy/);
    ec2(away).timings.serviceStartMs = 1_000;
    expect(await answer('failover', { answer: 'undo' })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await ended(execution)).toMatchObject({ error: 'CalledOff' });
    expect(await state()).toMatchObject({ phase: 'protected', activeSite: 'primary' });
  });

  it('asks of a server for which there is no room, and goes on without it, but never without one that serves users', async () => {
    ec2(away).setCapacity(`${away}a`, 't3.medium', false);
    expect(outcomeOf(await life.run('failover'))).toMatchObject({ error: 'LaunchFailed' });
    expect(told().filter(({ subject }) => subject?.includes('asks you'))).toEqual([]);
    ec2(away).setCapacity(`${away}a`, 't3.medium', true);
    ec2(away).setCapacity(`${away}a`, 'm7i.large', false);
    await life.rest();
    const execution = stage.start('failover');
    await asked(execution, 'Health');
    expect(told().at(-1)?.message).toMatch(
      /Wave 1 of plan shop is not healthy in eu-central-1: files could not be brought up: .* Answers: proceed, undo\./,
    );
    expect(await answer('failover', { answer: 'wait' })).toMatchObject({ error: 'InvalidInput' });
    expect(await answer('failover', { answer: 'proceed' })).toMatchObject({ status: 'SUCCEEDED' });
    await asked(execution, 'Switch traffic');
    await answer('failover', { answer: 'proceed' });
    expect(await ended(execution)).toMatchObject({ status: 'SUCCEEDED' });
    expect(told().at(-1)?.message).toContain('Warning: server files was left out');
    await life.rest();
    expect(await life.broken()).toEqual([]);
    await life.runAnswered('failback');
    expect(await state()).toMatchObject({ phase: 'protected', activeSite: 'primary' });
  });

  it('takes one answer, of those that it named, and only while it asks', async () => {
    expect(await answer('failover', { answer: 'proceed' })).toMatchObject({
      error: 'WrongPhase',
      message: expect.stringContaining('no failover is under way'),
    });
    const execution = stage.start('failover');
    await asked(execution, 'Switch traffic');
    expect(await answer('failback', { answer: 'proceed' })).toMatchObject({ error: 'WrongPhase' });
    expect(await answer('failover', { answer: 'wait' })).toMatchObject({
      error: 'InvalidInput',
      message: expect.stringContaining('Answers: proceed, undo'),
    });
    expect(await answer('failover', { answer: 'yes' })).toMatchObject({ error: 'InvalidInput' });
    expect(await answer('failover', { answer: 'proceed' })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await answer('failover', { answer: 'undo' })).toMatchObject({
      error: 'WrongPhase',
      message: expect.stringContaining('traffic was answered proceed by console'),
    });
    expect(await ended(execution)).toMatchObject({ status: 'SUCCEEDED' });
  });
});

describe('I11: a failback that a person has to decide', () => {
  beforeEach(async () => {
    const execution = stage.start('failover');
    await asked(execution, 'Switch traffic');
    await answer('failover', { answer: 'proceed' });
    expect(await ended(execution)).toMatchObject({ status: 'SUCCEEDED' });
    await life.rest();
    life.write(2);
  });

  it('moves more than its limit only when told to, touches the primary only once somebody says that it is safe, and why; and stops recovery when told to', async () => {
    await takePlace(stage, { region: away, server: 'files', device: '/dev/sdf' });
    const execution = stage.start('failback');
    await asked(execution, 'Estimate');
    expect(told().at(-1)?.message).toMatch(
      /not all volumes can come home by delta: {2}files:\/dev\/sdf: \d+ blocks .* by comparison: .* in all\. Shall it\? Answers: proceed, undo\..*: undo\./,
    );
    expect(await answer('failback', { answer: 'proceed' })).toMatchObject({ status: 'SUCCEEDED' });
    await asked(execution, 'Pay fence');
    expect(
      stage.cloud.record.calls.filter(({ operation, region }) => operation === 'CreateSnapshots' && region === home),
    ).toHaveLength(3);
    expect(await answer('failback', { answer: 'proceed' })).toMatchObject({
      error: 'InvalidInput',
      message: expect.stringContaining('because: is missing'),
    });
    expect(await answer('failback', { answer: 'proceed', because: 'forensics are done' })).toMatchObject({
      status: 'SUCCEEDED',
    });
    await asked(execution, 'Stop recovery');
    // Another one loses its lineage between the rounds, and is asked for by itself.
    await takePlace(stage, { region: away, server: 'db', device: '/dev/sdf' });
    expect(await operationOf(execution, 'failback')).toMatchObject({
      stopped: {},
      questions: {
        'lost-lineage': { answer: { word: 'proceed' } },
        'primary-is-safe': { answer: { because: 'forensics are done' } },
      },
    });
    expect(await answerByHand('proceed')).toHaveLength(1);
    await asked(execution, 'Final round');
    expect(told().at(-1)?.message).toMatch(/db:\/dev\/sdf: \d+ blocks .* by comparison/);
    expect(await answer('failback', { answer: 'proceed' })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await ended(execution)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await state()).toMatchObject({ phase: 'protected', activeSite: 'primary' });
    expect((await operationOf(execution, 'failback'))?.estimate?.volumes).toContainEqual(
      expect.objectContaining({ volume: 'db:/dev/sdf', method: 'compare' }),
    );
  });

  it('leaves everything as it is when nobody calls the primary safe', async () => {
    const execution = stage.start('failback');
    await asked(execution, 'Pay fence');
    expect(await ended(execution)).toMatchObject({ error: 'CalledOff' });
    expect(await state()).toMatchObject({ phase: 'recovered', activeSite: 'recovery', lease: null });
  });
});

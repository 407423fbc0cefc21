import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Catalogue } from '../../lib/aws/catalogue.ts';
import type { Clients } from '../../lib/aws/clients.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import { openOperation } from '../../lib/steps/operation/open.ts';
import type { Services } from '../../lib/steps/services.ts';
import { VirtualClock } from '../../sim/clock.ts';
import { DynamoDb } from '../../sim/dynamodb/dynamodb.ts';
import { inProcessHandler } from '../../sim/wire/handler.ts';
import type { WireRequest } from '../../sim/wire/wire.ts';
import { point } from '../unit/fixtures.ts';

const plan = { name: 'shop' } as Plan;
const opening = (kind: 'protect' | 'failover', execution: string) => ({
  kind,
  plan,
  execution,
  trigger: 'test',
  recoveryPoint: null,
});

let clock: VirtualClock;
let catalogue: Catalogue;
let services: Services;
/** Set by a test: the answer to the next request of this operation is lost after its effect. */
let loseAnswerOf: string | undefined;

beforeEach(async () => {
  const dynamodb = new DynamoDb();
  // Before time stands still: what is made for the first time may take a while of the real one.
  await dynamodb.createTable({
    TableName: 'catalogue',
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
    ],
    BillingMode: 'PAY_PER_REQUEST',
  });
  clock = new VirtualClock(new Date('2026-01-05T10:00:00Z'));
  const dispatch = async (request: WireRequest) => {
    const answer = await dynamodb.answer(request);
    const isLost = loseAnswerOf !== undefined && (request.headers['x-amz-target'] ?? '').endsWith(`.${loseAnswerOf}`);
    if (!isLost) return answer;
    loseAnswerOf = undefined;
    throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' });
  };
  const client = new DynamoDBClient({
    region: 'us-west-2',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: inProcessHandler(dispatch),
  });
  catalogue = new Catalogue('catalogue', client);
  services = {
    client: {} as Clients,
    catalogue,
    now: () => new Date(clock.now()),
    plans: () => [plan],
    plan: () => plan,
    planOf: () => Promise.resolve(plan),
    proveEpoch: (context) => catalogue.changeState(context, { kind: 'renew', now: new Date(clock.now()) }),
    isRunning: async () => true,
    setting: (name) => name,
  };
});

afterEach(() => {
  loseAnswerOf = undefined;
  clock.uninstall();
});

const open = (kind: 'protect' | 'failover', execution: string) =>
  clock.settle(openOperation(services, opening(kind, execution)));

describe('I6: lease and epoch in the catalogue', () => {
  it('opens one of two operations that start at once', async () => {
    const both = await clock.settle(
      Promise.all([
        openOperation(services, opening('failover', 'a')),
        openOperation(services, opening('failover', 'b')),
      ]),
    );
    expect(both.map(({ kind }) => kind).toSorted()).toEqual(['busy', 'opened']);
    expect((await clock.settle(catalogue.state('shop'))).epoch).toBe(1);
  });

  it('lets a failover preempt a protect operation, which may then change nothing', async () => {
    const protect = await open('protect', 'tick');
    const failover = await open('failover', 'now');
    if (protect.kind !== 'opened' || failover.kind !== 'opened') throw new Error('both must open');
    await expect(clock.settle(services.proveEpoch(protect.context))).rejects.toMatchObject({ name: 'StaleEpoch' });
    expect((await clock.settle(services.proveEpoch(failover.context))).lease?.operation).toBe('failover-now');
  });

  it('renews the lease whenever the epoch is proven', async () => {
    const opened = await open('protect', 'tick');
    if (opened.kind !== 'opened') throw new Error('must open');
    await clock.advance(1_800_000);
    await clock.settle(services.proveEpoch(opened.context));
    expect((await clock.settle(catalogue.state('shop'))).lease?.until).toBe('2026-01-05T11:30:00.000Z');
  });

  it('I7: opens once when the answer to the opening write is lost', async () => {
    loseAnswerOf = 'UpdateItem';
    expect(await open('protect', 'tick')).toMatchObject({
      kind: 'opened',
      context: { epoch: 1, operation: 'protect-tick' },
    });
    expect((await clock.settle(catalogue.state('shop'))).epoch).toBe(1);
  });

  it('gives the same epoch to an operation that opens twice', async () => {
    await open('failover', 'a');
    expect(await open('failover', 'a')).toMatchObject({ kind: 'opened', context: { epoch: 1 } });
    expect(await clock.settle(catalogue.operations('shop'))).toHaveLength(1);
  });
});

describe('the catalogue', () => {
  it('lists recovery points by time', async () => {
    for (const minute of [30, 10, 20]) await clock.settle(catalogue.addPoint(point(minute)));
    const points = await clock.settle(catalogue.points('shop'));
    expect(points.map(({ startedAt }) => startedAt.slice(11, 16))).toEqual(['10:10', '10:20', '10:30']);
  });

  it('keeps what is there when a point is added twice', async () => {
    await clock.settle(catalogue.addPoint(point(0)));
    await clock.settle(catalogue.addPoint(point(0, { status: 'capturing' })));
    expect((await clock.settle(catalogue.point('shop', point(0).id)))?.status).toBe('available');
  });

  it('notes when each progression began, once for each time, and what comes with it every time', async () => {
    await open('failover', 'a');
    const holder = { plan: 'shop', operation: 'failover-a' };
    const say = async (progression: string, fields = {}) => {
      await clock.advance(1_000);
      await clock.settle(catalogue.progress(holder, { ...fields, progression }, services.now()));
    };
    await say('fencing');
    await say('fencing', { rtoSeconds: 7 });
    loseAnswerOf = 'UpdateItem';
    await say('wave 1', { rpoSeconds: 8 });
    await say('fencing');
    const operation = await clock.settle(catalogue.operation('shop', 'failover-a'));
    expect(operation).toMatchObject({ progression: 'fencing', rtoSeconds: 7, rpoSeconds: 8 });
    expect(operation?.progressed.map(({ at, progression }) => [at.slice(17, 19), progression])).toEqual([
      ['01', 'fencing'],
      ['03', 'wave 1'],
      ['04', 'fencing'],
    ]);
  });

  it('keeps the note that evidence is owed, where an operation has ended once more since it was read', async () => {
    const owed = { plan: 'shop', operation: 'failover-a', isTold: false };
    const [first, second] = [point(1).startedAt, point(2).startedAt];
    await clock.settle(catalogue.oweEvidence({ ...owed, since: first }));
    await clock.settle(catalogue.oweEvidence({ ...owed, since: second }));
    await clock.settle(catalogue.settleEvidence({ ...owed, since: first }));
    await clock.settle(catalogue.tellOwedEvidence({ ...owed, since: first }));
    expect(await clock.settle(catalogue.owedEvidence())).toEqual([{ ...owed, since: second }]);
    await clock.settle(catalogue.tellOwedEvidence({ ...owed, since: second }));
    expect(await clock.settle(catalogue.owedEvidence())).toEqual([{ ...owed, since: second, isTold: true }]);
    await clock.settle(catalogue.settleEvidence({ ...owed, since: second }));
    expect(await clock.settle(catalogue.owedEvidence())).toEqual([]);
  });

  it('keeps the digests of a unit byte by byte, of the first run that ended', async () => {
    const digests = Buffer.from('00ff10'.padEnd(64, '7'), 'hex');
    const part = { unit: 3, first: 7, next: null, listed: 2, blocks: 1, digests };
    expect(await clock.settle(catalogue.addUnit('op', 't', part))).toBe(true);
    expect(await clock.settle(catalogue.addUnit('op', 't', { ...part, next: 9, listed: 1 }))).toBe(false);
    const kept = await clock.settle(catalogue.unit('op', 't', { unit: 3, first: 7 }));
    expect(kept).toMatchObject({ next: null, listed: 2 });
    expect(Buffer.from(kept?.digests ?? []).toString('hex')).toBe('00ff10'.padEnd(64, '7'));
    const later = { ...part, first: 20, listed: 1 };
    expect(await clock.settle(catalogue.addUnit('op', 't', later))).toBe(true);
    expect((await clock.settle(catalogue.units('op', 't'))).map(({ first }) => first)).toEqual([7, 20]);
  });
});

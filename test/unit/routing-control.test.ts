import type { Route53RecoveryClusterClient } from '@aws-sdk/client-route53-recovery-cluster';
import { describe, expect, it } from 'vitest';
import { readControl } from '../../lib/aws/routing-controls.ts';
import type { Plan, RoutingControls, TrafficRecord } from '../../lib/domain/plan.ts';
import { warningsOf } from '../../lib/domain/plan-warnings.ts';
import {
  arnsOf,
  batchesOf,
  type ControlChange,
  controlFault,
  controlsOf,
  type ControlState,
  leadTo,
  tellingOf,
  turnsTo,
} from '../../lib/domain/routing-control.ts';
import { hasChanges, isOfServer, ledTimes, recordsOf } from '../../lib/domain/traffic.ts';

const arn = (panel: string, control: string) =>
  `arn:aws:route53-recovery-control::123456789012:controlpanel/${panel}/routingcontrol/${control}`;
const [home, away] = [arn('a0', '01'), arn('a0', '02')];
const pair: RoutingControls = { routingControls: { primary: home, recovery: away }, endpoints: {} };
const one: RoutingControls = { routingControls: { recovery: away }, endpoints: {} };
const record: TrafficRecord = {
  ...{ zone: 'Z1', name: 'shop.example.com', type: 'A', ttlSeconds: 60 },
  ...{ server: 'web', address: 'public' },
};
const failover: TrafficRecord = {
  ...{ zone: 'Z1', name: 'pay.example.com', type: 'A' },
  failover: { primary: 'home', recovery: 'away' },
};
const states = (primary?: ControlState, recovery?: ControlState) =>
  new Map([
    [home, primary],
    [away, recovery],
  ]);

describe('routing controls of a plan', () => {
  it('are none of its records, and need no change of any', () => {
    const traffic = [record, pair, failover, one];
    expect(controlsOf({ traffic })).toEqual([pair, one]);
    expect(recordsOf({ traffic })).toEqual([record, failover]);
    const atHome = { routingControls: { primary: home }, endpoints: {} };
    expect([pair, one, atHome].map(arnsOf)).toEqual([[home, away], [away], [home]]);
    expect([hasChanges({ traffic: [pair] }), isOfServer(pair, 'web')]).toEqual([false, false]);
    const plan = { primary: { region: 'us-east-1' }, traffic: [pair], failover: {} } as unknown as Plan;
    expect(warningsOf(plan)).toEqual({});
  });

  it('take their time beside that of failover pairs', () => {
    const times = [[], [record], [pair, one], [failover], [failover, one]].map((traffic) => ledTimes({ traffic }));
    expect(times).toEqual([0, 0, 1, 1, 2]);
  });

  it.each<[why: string, entry: RoutingControls, found: ReturnType<typeof states>, fault: string | undefined]>([
    ['lead home', pair, states('On', 'Off'), undefined],
    ['lead away', pair, states('Off', 'On'), undefined],
    ['lead to both', pair, states('On', 'On'), 'both are On, and one of them must be On and the other Off'],
    ['lead nowhere', pair, states('Off', 'Off'), 'both are Off, and one of them must be On and the other Off'],
    ['are half there', pair, states('On'), `${away} does not exist in the cluster of its endpoints`],
    ['are one, whichever way', one, states(undefined, 'On'), undefined],
    ['are none', one, states('On'), `${away} does not exist in the cluster of its endpoints`],
  ])('that %s can be turned, or say why not', (_why, entry, found, fault) => {
    expect(controlFault(entry, found)).toBe(fault);
  });

  it('are on at the site that serves, and off at the other', () => {
    const turn = (control: string, before: ControlState, after: ControlState) => ({
      ...{ control, before, after, turnedAt: null },
    });
    expect(turnsTo('recovery', pair, states('On', 'Off'))).toEqual([turn(home, 'On', 'Off'), turn(away, 'Off', 'On')]);
    expect(turnsTo('primary', pair, states('Off', 'On'))).toEqual([turn(home, 'Off', 'On'), turn(away, 'On', 'Off')]);
    expect(turnsTo('recovery', one, states('On', 'On'))).toEqual([turn(away, 'On', 'On')]);
  });
});

describe('changes of routing controls', () => {
  const change = (control: string, before: ControlState, after: ControlState): ControlChange => ({
    ...{ control, before, after, turnedAt: null },
  });

  it('are made together by control panel', () => {
    const changes = [home, arn('b0', '01'), away].map((control) => change(control, 'On', 'Off'));
    expect(batchesOf(changes).map((batch) => batch.map(({ control }) => control))).toEqual([
      [home, away],
      [arn('b0', '01')],
    ]);
  });

  it('say nothing where a control was as it is to be', () => {
    const telling = change(home, 'On', 'Off');
    expect(tellingOf([telling, change(away, 'On', 'On')])).toEqual([telling]);
    expect(tellingOf()).toEqual([]);
  });
});

describe('the endpoints of a cluster', () => {
  /** As AWS's client would be for one endpoint that always says the same. */
  const saying = (answer: object) =>
    ({
      send: () => ('name' in answer ? Promise.reject(Object.assign(new Error(), answer)) : Promise.resolve(answer)),
    }) as unknown as Route53RecoveryClusterClient;
  const on = saying({ RoutingControlState: 'On' });
  const ofAnother = saying({ name: 'ResourceNotFoundException' });
  const denied = saying({ name: 'AccessDeniedException' });
  const down = saying({ name: 'InternalServerException' });

  it('of which one is of another cluster, refused or silent, leave it to the next one', async () => {
    for (const first of [ofAnother, denied, down]) expect(await readControl([first, on], home)).toBe('On');
  });

  it('know no control only where all that could know it answer', async () => {
    expect(await readControl([ofAnother, ofAnother], home)).toBeUndefined();
    await expect(readControl([ofAnother, down], home)).rejects.toMatchObject({ code: 'AwsUnavailable' });
    await expect(readControl([denied, denied], home)).rejects.toMatchObject({ code: 'AwsRefused' });
  });
});

it('controls that lead to a site already are told from those that would be turned', () => {
  expect([states('On', 'Off'), states('Off', 'On')].map((as) => leadTo('recovery', pair, as))).toEqual([false, true]);
});

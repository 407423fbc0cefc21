import {
  GetRoutingControlStateCommand,
  Route53RecoveryClusterClient,
  type RoutingControlState,
  UpdateRoutingControlStatesCommand,
} from '@aws-sdk/client-route53-recovery-cluster';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../sim/clock.ts';
import { SimulatedCloud } from '../../sim/create-cloud.ts';

const regions = ['ap-northeast-1', 'ap-southeast-2', 'eu-west-1', 'us-east-1', 'us-west-2'];
const endpoints = (cluster: string) =>
  Object.fromEntries(
    regions.map((region) => [region, `https://${cluster}.route53-recovery-cluster.${region}.amazonaws.com/v1`]),
  );
const panel = (of: string) => `arn:aws:route53-recovery-control::123456789012:controlpanel/${of}`;
const [home, away] = ['01', '02'].map((control) => `${panel('a0')}/routingcontrol/${control}`) as [string, string];
const other = `${panel('b0')}/routingcontrol/01`;

let clock: VirtualClock;
let cloud: SimulatedCloud;
beforeEach(() => {
  clock = new VirtualClock(new Date('2026-01-05T09:00:00Z'));
  cloud = new SimulatedCloud({ regions: ['eu-west-1', 'eu-central-1'], clock, seed: 1 });
  cluster().addCluster(endpoints('aa11'), { [home]: 'On', [away]: 'Off', [other]: 'Off' });
});
afterEach(() => clock.uninstall());

const cluster = () => cloud.services('eu-west-1').recoverycluster;
const client = (region: string, of = 'aa11', signedFor = region) =>
  new Route53RecoveryClusterClient({
    ...{ ...cloud.clientConfig(signedFor), endpoint: endpoints(of)[region] ?? '', maxAttempts: 1 },
  });
const read = async (region: string, control: string, of?: string) =>
  (await clock.settle(client(region, of).send(new GetRoutingControlStateCommand({ RoutingControlArn: control }))))
    .RoutingControlState;
const turn = (region: string, ...turns: [string, RoutingControlState][]) =>
  clock.settle(
    client(region).send(
      new UpdateRoutingControlStatesCommand({
        UpdateRoutingControlStateEntries: turns.map(([RoutingControlArn, RoutingControlState]) => ({
          ...{ RoutingControlArn, RoutingControlState },
        })),
      }),
    ),
  );
const error = (name: string) => expect.objectContaining({ name });

describe('a routing control cluster', () => {
  it('turns controls in one call, all or none, and every endpoint knows', async () => {
    await turn('us-west-2', [home, 'Off'], [away, 'On']);
    expect([await read('us-east-1', home), await read('ap-northeast-1', away)]).toEqual(['Off', 'On']);
    expect(cluster().history.map(({ before, after, region }) => [before, after, region])).toEqual([
      ['On', 'Off', 'us-west-2'],
      ['Off', 'On', 'us-west-2'],
    ]);
    await expect(turn('us-west-2', [home, 'On'], [`${home}f`, 'On'])).rejects.toEqual(
      error('ResourceNotFoundException'),
    );
    expect(await read('us-west-2', home)).toBe('Off');
  });

  it('takes controls of one panel, each once, ten at most, and three calls a second of an endpoint', async () => {
    await expect(turn('us-east-1')).rejects.toEqual(error('ValidationException'));
    await expect(turn('us-east-1', [home, 'Off'], [home, 'On'])).rejects.toEqual(error('ValidationException'));
    await expect(turn('us-east-1', [home, 'Off'], [other, 'On'])).rejects.toEqual(error('ValidationException'));
    await expect(turn('us-east-1', [home, 'Off'])).rejects.toEqual(error('ThrottlingException'));
    const many = Array.from({ length: 11 }, (_, number) => `${panel('c0')}/routingcontrol/${number}`);
    cluster().addCluster(endpoints('aa11'), Object.fromEntries(many.map((control) => [control, 'On'])));
    const off = many.map((control): [string, RoutingControlState] => [control, 'Off']);
    await expect(turn('us-west-2', ...off)).rejects.toEqual(error('ServiceLimitExceededException'));
    await turn('us-west-2', ...off.slice(1));
    await expect(turn('us-west-2', [other, 'Up' as RoutingControlState])).rejects.toEqual(error('ValidationException'));
  });

  it('keeps its safety rules, whatever else a call turns', async () => {
    cluster().addRule({ controls: [home, away], atLeast: 1 });
    await expect(turn('us-east-1', [home, 'Off'])).rejects.toEqual(error('ConflictException'));
    await turn('us-east-1', [home, 'Off'], [away, 'On']);
    await turn('us-east-1', [other, 'On']);
  });

  it('answers at its own endpoints only, while these are up and their Region is there', async () => {
    cluster().setDown('eu-west-1', true);
    await expect(read('eu-west-1', home)).rejects.toEqual(error('EndpointTemporarilyUnavailableException'));
    cluster().setDown('eu-west-1', false);
    expect(await read('eu-west-1', home)).toBe('On');
    cloud.faults.lose('eu-west-1');
    await expect(read('eu-west-1', home)).rejects.toEqual(error('TimeoutError'));
    cluster().addCluster(endpoints('bb22'), {});
    await expect(read('us-east-1', home, 'bb22')).rejects.toEqual(error('ResourceNotFoundException'));
    expect(cloud.notModelled).toEqual([]);
    await expect(read('us-east-1', home, 'cc33')).rejects.toEqual(error('NotModelled'));
    const foreign = client('us-east-1', 'aa11', 'us-west-2');
    await expect(
      clock.settle(foreign.send(new GetRoutingControlStateCommand({ RoutingControlArn: home }))),
    ).rejects.toEqual(error('NotModelled'));
    expect(() => cluster().addCluster({ 'us-east-1': 'https://x.example.com' }, {})).toThrow('has an endpoint in each');
  });

  it('makes the health check of a control healthy while that is on, some time later for DNS', async () => {
    const { healthChecks } = cloud.services('eu-west-1').route53;
    healthChecks.addOfControl('of-home', home);
    expect(healthChecks.isHealthy('of-home')).toBe(true);
    await turn('us-east-1', [home, 'Off']);
    expect(healthChecks.isHealthy('of-home')).toBe(true);
    await clock.advance(70_000);
    expect(healthChecks.isHealthy('of-home')).toBe(false);
  });
});

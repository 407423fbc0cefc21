import { EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PointServer } from '../../lib/domain/catalogue.ts';
import { findLeftovers, inventory } from '../../rehearsal/leftovers.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { isEntered, openShop, outcomeOf, protectNow, setSchedules, shop } from './shop-stage.ts';

const home = shop.primary.region;

let stage: Stage;
let before: Set<string>;
beforeEach(async () => {
  stage = await openShop(37);
  before = new Set(inventory(stage));
  await setSchedules(stage, 'protect', 'DISABLED');
});
afterEach(() => {
  expect(stage.cloud.notModelled).toEqual([]);
  stage.close();
});

const points = () => stage.clock.settle(stage.catalogue.points(shop.name));
const leftovers = () => stage.clock.settle(findLeftovers(stage, before));

describe('what a launch must know of a server', () => {
  it('is read when the snapshots of all servers are begun, so that it keeps none of them waiting', async () => {
    await protectNow(stage);
    const calls = stage.cloud.record.calls.map(({ operation }) => operation);
    const reads = ['DescribeInstanceAttribute', 'DescribeInstanceCreditSpecifications'];
    const firstRead = calls.findIndex((operation) => reads.includes(operation));
    expect(firstRead).toBeGreaterThan(calls.lastIndexOf('CreateSnapshots'));
    expect(firstRead).toBeLessThan(calls.lastIndexOf('CopySnapshot') + 50);
    const [point] = await points();
    expect(point?.status).toBe('available');
    for (const { configuration } of Object.values(point?.servers ?? {})) expect(configuration.settings).toBeDefined();
  });

  it('stays, with what has become of the volumes, when the capture is delivered once more', async () => {
    await protectNow(stage);
    const [point] = await points();
    const { settings: _, ...bare } = point?.servers['db']?.configuration ?? {};
    const again = { startedAt: point?.startedAt, configuration: bare, volumes: {} } as unknown as PointServer;
    await stage.clock.settle(stage.catalogue.addPointServer(shop.name, point?.id ?? '', 'db', again));
    expect(await points()).toEqual([point]);
  });

  it('and is refused, ends the point with the reason when its copies are done, and leaves nothing over', async () => {
    const rule = {
      kind: 'refused',
      operation: 'DescribeInstanceAttribute',
      caller: 'ProtectDescribe',
      times: 1,
    } as const;
    stage.cloud.faults.add(rule);
    const { status, error, message } = outcomeOf(await protectNow(stage));
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'SnapshotFailed' });
    expect(message).toMatch(/^AwsRefused: Cannot read userData of i-\w+/);
    expect((await points()).map((point) => point.status)).toEqual(['failed']);
    await protectNow(stage);
    expect((await points()).at(-1)?.status).toBe('available');
    await stage.clock.advance(180_000);
    expect(await leftovers()).toEqual([]);
  });

  it('and cannot be read because the server was terminated after its snapshots, ends the point by its name', async () => {
    const instance = shop.servers['web']?.instance ?? '';
    const execution = stage.start('protect');
    const rule = { kind: 'throttled', operation: 'DescribeInstances', caller: 'ProtectDescribe', times: 99 } as const;
    const { remove } = stage.cloud.faults.add(rule);
    await stage.clock.run(() => isEntered(execution, 'Replicate: wait'));
    const owner = new EC2Client(stage.cloud.clientConfig(home));
    await stage.clock.settle(owner.send(new TerminateInstancesCommand({ InstanceIds: [instance] })));
    remove();
    await stage.clock.advance(3_600_000);
    expect(outcomeOf(execution)).toMatchObject({
      error: 'SnapshotFailed',
      message: expect.stringContaining(`Instance ${instance} of server web was snapshotted and is gone`),
    });
  });
});

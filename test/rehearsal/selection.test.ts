import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Stage } from '../../rehearsal/stage.ts';
import type { InterfaceRecord } from '../../sim/ec2/records.ts';
import { openShop, outcomeOf, protectNow, shop } from './shop-stage.ts';

const db = shop.servers['db']?.instance ?? '';
const web = shop.servers['web']?.instance ?? '';

describe('a server that no recovery point could restore is refused by name, before anything is captured', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await openShop();
  });
  afterEach(() => stage.close());

  const primary = () => stage.cloud.services(shop.primary.region).ec2;
  const snapshots = () => primary().state.snapshots.size;

  async function refusal(): Promise<string> {
    const { status, error, message } = outcomeOf(await protectNow(stage));
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'ServerRefused' });
    expect(snapshots()).toBe(0);
    return message;
  }

  it.each([
    ['a Spot instance', { InstanceLifecycle: 'spot' }, 'is a spot instance'],
    ['Windows', { UsageOperation: 'RunInstances:0002', PlatformDetails: 'Windows' }, 'runs Windows under billing code'],
    ['a Marketplace product', { ProductCodes: [{ ProductCodeId: 'abc123' }] }, 'carries product code abc123'],
    ['hibernation', { HibernationOptions: { Configured: true } }, 'has hibernation enabled'],
    ['a root in instance store', { RootDeviceType: 'instance-store' }, 'starts from instance-store'],
    ['paravirtual machines', { VirtualizationType: 'paravirtual' }, 'is paravirtual, for which there is no image'],
    ['a Dedicated Host', { Placement: { Tenancy: 'host', HostId: 'h-1' } }, 'runs on a Dedicated Host'],
  ] as const)('%s', async (_, purchase, reason) => {
    primary().setPurchase(db, {
      ...purchase,
      ProductCodes: 'ProductCodes' in purchase ? [...purchase.ProductCodes] : [],
    });
    expect(await refusal()).toContain(`db (${db}) ${reason}`);
  });

  it('a member of an Auto Scaling group', async () => {
    primary().state.instances.get(web)?.tags.push({ Key: 'aws:autoscaling:groupName', Value: 'front' });
    expect(await refusal()).toContain(`web (${web}) belongs to Auto Scaling group front`);
  });

  /** Its owner attaches a second interface. */
  function attach(server: string, change: Partial<InterfaceRecord>): void {
    const instance = primary().state.instances.get(server);
    if (instance === undefined) throw new Error(`there is no instance ${server}`);
    const [first] = instance.interfaces;
    const second = { ...first, id: `eni-of-${server}`, deviceIndex: 1, privateIp: '10.0.0.200', publicIp: undefined };
    primary().state.instances.set(server, { ...instance, interfaces: [first, { ...second, ...change }] });
  }

  it('network interfaces that no launch can ask for', async () => {
    attach(db, { type: 'trunk' });
    attach(web, { networkCard: 1 });
    const message = await refusal();
    expect(message).toContain(`db (${db}) has network interface 1 of type trunk`);
    expect(message).toContain(`web (${web}) has network interface 1 on network card 1`);
  });

  it('a second network interface, with which the public address that a record needs would be gone after a fence', async () => {
    attach(web, {});
    attach(db, {});
    const message = await refusal();
    expect(message).toContain(`web (${web}) has 2 network interfaces, so AWS gives it no public address again`);
    expect(message).toContain('shop.example.com could not lead home to it. Give it an Elastic IP.');
    expect(message).not.toContain(db);
  });

  it('all of them at once, and those that are gone', async () => {
    primary().setPurchase(db, { InstanceLifecycle: 'spot' });
    primary().state.instances.delete(web);
    const message = await refusal();
    expect(message).toContain(`db (${db}) is a spot instance`);
    expect(message).toContain(`web (${web}) was not found in ${shop.primary.region}`);
  });

  it('unencrypted volumes in a Region that encrypts by default: their deltas could not be written home', async () => {
    primary().setEncryptionByDefault(true);
    const message = await refusal();
    expect(message).toContain(`db (${db}) has /dev/xvda, /dev/sdf unencrypted while ${shop.primary.region} encrypts`);
    expect(message).toMatch(/files \(i-\w+\) has \/dev\/xvda unencrypted/);
  });

  it('and protection goes on when it is mended', async () => {
    primary().setPurchase(db, { InstanceLifecycle: 'spot' });
    await refusal();
    primary().setPurchase(db, {});
    expect(outcomeOf(await protectNow(stage)).status).toBe('SUCCEEDED');
  });
});

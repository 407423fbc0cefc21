import { beforeEach, describe, expect, it } from 'vitest';
import { ask, BlockCloud, home, imageOf, launchOne, minutes, placeShop } from './ec2-cloud.ts';

let cloud: BlockCloud;
let shop: ReturnType<typeof placeShop>;
let image: string;
let id: string;
beforeEach(async () => {
  cloud = new BlockCloud();
  shop = placeShop(cloud);
  image = await imageOf(cloud, shop.root);
  id = shop.ec2.addCapacityReservation({ instanceType: 'm7i.large', zone: `${home}a` });
});

const refusal = (code: string) => expect.objectContaining({ code });
const launch = (CapacityReservationSpecification: object, more: object = {}) =>
  launchOne(shop, image, {
    ...{ SubnetId: shop.subnet, SecurityGroupIds: [shop.group], InstanceType: 'm7i.large' },
    CapacityReservationSpecification,
    ...more,
  });
const into = (CapacityReservationId = id) => ({ CapacityReservationTarget: { CapacityReservationId } });
const free = async () => {
  const { CapacityReservations } = await ask(shop.ec2, 'DescribeCapacityReservations', {
    CapacityReservationIds: [id],
  });
  return CapacityReservations[0].AvailableInstanceCount;
};
const of = async (launching: Promise<{ Instances: { CapacityReservationId?: string; InstanceId: string }[] }>) =>
  (await launching).Instances[0];

describe('a capacity reservation', () => {
  it('is used up by those that target it, and has room again once they are stopped', async () => {
    shop.ec2.setCapacity(`${home}a`, 'm7i.large', false);
    const reserved = await of(launch(into()));
    expect([reserved?.CapacityReservationId, await free()]).toEqual([id, 0]);
    await expect(launch(into())).rejects.toEqual(refusal('ReservationCapacityExceeded'));
    await expect(launch({})).rejects.toEqual(refusal('InsufficientInstanceCapacity'));
    await cloud.pass(minutes);
    await ask(shop.ec2, 'StopInstances', { InstanceIds: [reserved?.InstanceId] });
    expect(await free()).toBe(0);
    await cloud.pass(2 * minutes);
    expect(await free()).toBe(1);
    await of(launch(into()));
    const start = ask(shop.ec2, 'StartInstances', { InstanceIds: [reserved?.InstanceId] });
    await expect(start).rejects.toEqual(refusal('ReservationCapacityExceeded'));
  });

  it('takes only what is of its type, zone, tenancy and platform while it is active', async () => {
    await expect(launch(into(), { InstanceType: 'm7i.xlarge' })).rejects.toEqual(refusal('InvalidParameterValue'));
    await expect(launch(into('cr-0123456789abcdef0'))).rejects.toEqual(
      refusal('InvalidCapacityReservationId.NotFound'),
    );
    await expect(launch({ ...into(), CapacityReservationPreference: 'open' })).rejects.toEqual(
      refusal('InvalidParameterValue'),
    );
    const others = [{ zone: `${home}b` }, { platform: 'Windows' as const }, { tenancy: 'dedicated' as const }];
    for (const other of others) {
      await cloud.pass(minutes);
      const strange = shop.ec2.addCapacityReservation({ instanceType: 'm7i.large', zone: `${home}a`, ...other });
      await expect(launch(into(strange))).rejects.toEqual(refusal('InvalidParameterValue'));
    }
    const reservation = shop.ec2.state.capacityReservations.get(id);
    if (reservation !== undefined) reservation.state = 'expired';
    await expect(launch(into())).rejects.toEqual(refusal('InvalidCapacityReservationState'));
    expect(await free()).toBe(0);
  });

  it('that is open is taken by whoever fits, unless it asks for none', async () => {
    expect((await of(launch({})))?.CapacityReservationId).toBeUndefined();
    const open = shop.ec2.addCapacityReservation({ instanceType: 'm7i.large', zone: `${home}a`, matching: 'open' });
    const none = await of(launch({ CapacityReservationPreference: 'none' }));
    expect(none?.CapacityReservationId).toBeUndefined();
    expect((await of(launch({})))?.CapacityReservationId).toBe(open);
    expect((await of(launch({})))?.CapacityReservationId).toBeUndefined();
  });
});

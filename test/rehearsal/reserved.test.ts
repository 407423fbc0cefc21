import { DescribeCapacityReservationsCommand, EC2Client, type RunInstancesRequest } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../lib/domain/plan.ts';
import type { Life } from '../../proof/life.ts';
import { roomyShop } from '../../proof/shop.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import { assemblyOf, closeKept, eventsOf, isEntered, openProtectedLife, outcomeOf, shop } from './shop-stage.ts';

const away = shop.recovery.region;
const ofDb = 'cr-0f1000000000000db';
const ofWeb = 'cr-0f10000000000feb0';
const { db, files, web } = shop.servers;
if (db === undefined || files === undefined || web === undefined) throw new Error('the shop has three servers');

/** The plan has room reserved for its database, the web server elsewhere, and what the file store must not take. */
const plan: Plan = {
  ...roomyShop,
  recovery: { ...roomyShop.recovery, capacity: ofDb },
  servers: { db, files: { ...files, capacity: 'none' }, web: { ...web, capacity: ofWeb } },
};
const assembly = assemblyOf(plan);

let life: Life;
let stage: Stage;
beforeEach(async () => {
  life = await openProtectedLife({ plan, seed: 43, assembly: assembly() });
  stage = life.stage;
  // The zone in which the web server falls back has its room, as the type that it falls back to last.
  ec2().addCapacityReservation({ id: ofDb, instanceType: 'm7g.large', zone: `${away}a` });
  ec2().addCapacityReservation({ id: ofWeb, instanceType: 't3.large', zone: `${away}b` });
});
afterEach(() => closeKept(life));

const ec2 = () => stage.cloud.services(away).ec2;
const settle = <Value>(work: Promise<Value>) => stage.clock.settle(work);

/** How many instances AWS would still launch into a reservation. */
async function free(id: string): Promise<number | undefined> {
  const client = new EC2Client(stage.cloud.clientConfig(away));
  const asked = new DescribeCapacityReservationsCommand({ CapacityReservationIds: [id] });
  return (await settle(client.send(asked))).CapacityReservations?.[0]?.AvailableInstanceCount;
}

/** What was asked for of capacity, and whose room it is, of each server that runs. */
function launched(): Record<string, unknown> {
  const running = [...ec2().state.instances.values()].filter(({ state }) => state === 'running' || state === 'pending');
  return Object.fromEntries(
    running.map(({ tags, request, reservedBy, instanceType, zone }) => [
      tags.find(({ Key }) => Key === 'homeward:server')?.Value ?? '',
      [`${instanceType} in ${zone}`, request.CapacityReservationSpecification, reservedBy],
    ]),
  );
}

const target = (id: string) => ({ CapacityReservationTarget: { CapacityReservationId: id } });
const never = { CapacityReservationPreference: 'none' };

async function lastOperation() {
  const operations = await settle(stage.catalogue.operations(plan.name));
  const last = operations
    .filter(({ kind }) => kind === 'failover' || kind === 'drill')
    .toSorted((one, other) => one.startedAt.localeCompare(other.startedAt))
    .at(-1);
  return { last, events: (await eventsOf(stage, last?.id)).map(String) };
}
const outsideOf = (events: readonly string[]) => events.filter((text) => text.includes('outside of capacity'));

describe('capacity that a plan reserves', () => {
  it('is launched into where it is of the type and the zone, whatever else the zone lacks', async () => {
    for (const zone of [`${away}a`, `${away}b`])
      for (const type of ['m7g.large', 't3.medium', 't3.large']) ec2().setCapacity(zone, type, false);
    // The launch into it is answered, and the answer is lost.
    stage.cloud.faults.add({ kind: 'answer-lost', operation: 'RunInstances', times: 3 });
    expect(outcomeOf(await life.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(launched()).toEqual({
      db: [`m7g.large in ${away}a`, target(ofDb), ofDb],
      files: [`m7i.large in ${away}a`, never, undefined],
      web: [`t3.large in ${away}b`, target(ofWeb), ofWeb],
    });
    const { last, events } = await lastOperation();
    expect(outsideOf(events)).toEqual([]);
    expect(last?.warnings).toEqual([
      `server web is launched outside of ${ofWeb} as t3.medium in subnet-0b10000000000000b: the reservation is of t3.large in ${away}b`,
    ]);
    expect([await free(ofDb), await free(ofWeb)]).toEqual([0, 0]);
    // It is named only where it fits: a launch that AWS refuses costs a token too.
    const asked = stage.cloud.record.calls
      .filter(({ operation }) => operation === 'RunInstances')
      .map(({ input }) => input as Partial<RunInstancesRequest>)
      .filter(({ CapacityReservationSpecification: of }) => of?.CapacityReservationTarget !== undefined);
    expect(new Set(asked.map(({ InstanceType }) => InstanceType))).toEqual(new Set(['m7g.large', 't3.large']));
  });

  it('is done without where it is full by then or does not fit, and the events say why', async () => {
    const execution = stage.start('failover');
    await stage.clock.run(() => isEntered(execution, 'Fence'));
    const reservation = ec2().state.capacityReservations.get(ofDb);
    if (reservation !== undefined) reservation.instanceCount = 0;
    ec2().state.capacityReservations.delete(ofWeb);
    await settle(stage.states.ended(execution.arn));
    expect(outcomeOf(execution)).toMatchObject({ status: 'SUCCEEDED' });
    expect(launched()).toMatchObject({
      db: [`m7g.large in ${away}a`, undefined, undefined],
      web: [`t3.medium in ${away}a`, undefined, undefined],
    });
    const { events } = await lastOperation();
    expect(outsideOf(events)).toEqual([
      expect.stringMatching(`^server db was .* ${ofDb}, which has refused it: .*ReservationCapacityExceeded`),
      `server web was launched outside of capacity reservation ${ofWeb}, which does not exist`,
    ]);
  });

  it('is left alone by a drill, also where it is open', async () => {
    ec2().addCapacityReservation({ id: ofDb, instanceType: 'm7g.large', zone: `${away}a`, matching: 'open' });
    const drill = stage.start('failover', { plan: plan.name, drill: true });
    await stage.clock.run(() => isEntered(drill, 'Health'));
    expect(launched()).toMatchObject({ db: [`m7g.large in ${away}a`, never, undefined] });
    expect(await free(ofDb)).toBe(1);
    await settle(stage.states.ended(drill.arn));
    expect(outcomeOf(drill)).toMatchObject({ status: 'SUCCEEDED' });
    expect((await lastOperation()).last?.warnings ?? []).toEqual([]);
  });

  it('is looked at by the preflight: too little of it is a warning, what does not exist is a mistake', async () => {
    const reservation = ec2().state.capacityReservations.get(ofDb);
    if (reservation !== undefined) reservation.instanceCount = 0;
    ec2().state.capacityReservations.delete(ofWeb);
    const dryRun = { plan: plan.name, dryRun: true };
    expect(outcomeOf(await life.run('failover', dryRun))).toMatchObject({
      error: 'PreflightFailed',
      message: expect.stringContaining(`capacity reservation ${ofWeb} does not exist`),
    });
    const short = `capacity reservation ${ofDb} has room for 0 instances, 1 are needed`;
    expect((await lastOperation()).last?.warnings).toEqual([short]);
    ec2().addCapacityReservation({ id: ofWeb, instanceType: 't3.medium', zone: `${away}a`, state: 'expired' });
    stage.cloud.faults.add({ kind: 'refused', operation: 'DescribeCapacityReservations', times: 1 });
    expect(outcomeOf(await life.run('failover', dryRun))).toMatchObject({ status: 'SUCCEEDED' });
    expect(JSON.stringify((await lastOperation()).last?.warnings)).toContain(
      'capacity reservations could not be looked',
    );
  });
});

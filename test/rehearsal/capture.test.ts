import {
  DescribeInstanceAttributeCommand,
  DescribeInstanceCreditSpecificationsCommand,
  DescribeInstancesCommand,
  DescribeVolumesCommand,
  EC2Client,
  GetInstanceUefiDataCommand,
  type Instance,
  type InstanceAttributeName,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RawItem, RawTable } from '../../proof/raw-table.ts';
import { findLeftovers, inventory } from '../../rehearsal/leftovers.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import type { World, WorldServer } from '../../rehearsal/world.ts';
import type { Execution } from '../../sim/stepfunctions/stepfunctions.ts';
import { isEntered, openShop, outcomeOf, protectNow, setSchedules, shop, smallShop } from './shop-stage.ts';

const home = shop.primary.region;
const away = shop.recovery.region;
/** As many characters as AWS takes. */
const uefiData = Buffer.alloc(48_000, 'secure boot keys').toString('base64');

/** The shop, of whose servers the owner has set everything that can be set. */
const particular: World = (() => {
  const { db, files, web } = smallShop.servers;
  const of = (server: WorldServer | undefined, details: WorldServer['details']): WorldServer => {
    if (server === undefined) throw new Error('the small shop has three servers');
    return { ...server, details: details ?? {} };
  };
  return {
    ...smallShop,
    servers: {
      db: of(db, {
        bootMode: 'uefi',
        tpmSupport: 'v2.0',
        uefiData,
        sriovNetSupport: 'simple',
        sourceDestCheck: false,
        disableApiTermination: true,
        secondaryAddresses: 1,
        keyName: 'operators',
        userData: Buffer.from('#!/bin/sh').toString('base64'),
        tags: { Owner: 'orders' },
        options: {
          MetadataOptions: {
            HttpTokens: 'optional',
            HttpPutResponseHopLimit: 5,
            HttpProtocolIpv6: 'enabled',
            InstanceMetadataTags: 'enabled',
          },
          Monitoring: { Enabled: true },
          MaintenanceOptions: { AutoRecovery: 'disabled' },
          PrivateDnsNameOptions: { HostnameType: 'resource-name', EnableResourceNameDnsARecord: true },
          EnclaveOptions: { Enabled: true },
          NetworkPerformanceOptions: { BandwidthWeighting: 'ebs-1' },
          Placement: { Tenancy: 'dedicated' },
          CpuOptions: { CoreCount: 1, ThreadsPerCore: 1 },
          InstanceInitiatedShutdownBehavior: 'terminate',
        },
      }),
      files: of(files, {
        disableApiStop: true,
        disableApiTermination: true,
        options: { MetadataOptions: { HttpEndpoint: 'disabled' } },
      }),
      web: of(web, { options: { CreditSpecification: { CpuCredits: 'standard' } } }),
    },
  };
})();

let stage: Stage;
let before: Set<string>;
beforeEach(async () => {
  stage = await openShop(31, particular);
  before = new Set(inventory(stage));
  await setSchedules(stage, 'protect', 'DISABLED');
});
afterEach(() => {
  expect(stage.cloud.notModelled).toEqual([]);
  stage.close();
});

const settle = <Value>(work: Promise<Value>) => stage.clock.settle(work);
const state = () => settle(stage.catalogue.state(shop.name));
const original = (server: string) => shop.servers[server]?.instance ?? '';
const recovered = (server: string) => stage.workload.instanceIn(away, server) ?? '';
const record = (region: string, id: string) => {
  const found = stage.cloud.services(region).ec2.state.instances.get(id);
  if (found === undefined) throw new Error(`${region} has no instance ${id}`);
  return found;
};
const protections = (region: string, id: string) => {
  const { disableApiStop, disableApiTermination } = record(region, id);
  return { stop: disableApiStop, termination: disableApiTermination };
};

async function failover() {
  const all = await settle(stage.catalogue.operations(shop.name));
  const found = all.find(({ kind }) => kind === 'failover');
  if (found === undefined) throw new Error('there was no failover');
  return found;
}

/** What the operation says of itself, in the order in which it happened. */
async function events(operation: string): Promise<string[]> {
  const items = await settle(new RawTable(stage).items());
  return items.filter(({ pk, sk }) => pk === `OP#${operation}` && sk.startsWith('EV#')).map(({ text }) => String(text));
}

/** What AWS tells of a server, by the calls that a person would make: all that must be the same after a failover. */
async function portrait(region: string, id: string) {
  const ec2 = new EC2Client(stage.cloud.clientConfig(region));
  const { Reservations } = await settle(
    ec2.send(new DescribeInstancesCommand({ Filters: [{ Name: 'instance-id', Values: [id] }] })),
  );
  const instance = Reservations?.[0]?.Instances?.[0] ?? {};
  const attribute = async (name: InstanceAttributeName) => {
    const {
      InstanceId: _,
      $metadata: __,
      ...answer
    } = await settle(ec2.send(new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute: name })));
    return answer;
  };
  const isBurstable = instance.InstanceType?.startsWith('t') === true;
  const credits = isBurstable
    ? await settle(ec2.send(new DescribeInstanceCreditSpecificationsCommand({ InstanceIds: [id] })))
    : undefined;
  const isUefi = instance.CurrentInstanceBootMode === 'uefi';
  const uefi = isUefi ? await settle(ec2.send(new GetInstanceUefiDataCommand({ InstanceId: id }))) : undefined;
  return {
    ...sameMembers(instance),
    tags: ownTags(instance.Tags),
    userData: await attribute('userData'),
    termination: await attribute('disableApiTermination'),
    stop: await attribute('disableApiStop'),
    shutdown: await attribute('instanceInitiatedShutdownBehavior'),
    credits: credits?.InstanceCreditSpecifications?.[0]?.CpuCredits,
    uefiData: uefi?.UefiData,
    volumes: await volumesOf(ec2, instance),
  };
}

function sameMembers(instance: Instance) {
  const { InstanceType, Architecture, VirtualizationType, BootMode, CurrentInstanceBootMode, TpmSupport } = instance;
  const { EnaSupport, SriovNetSupport, EbsOptimized, KeyName, RootDeviceName, MetadataOptions, CpuOptions } = instance;
  const { Monitoring, MaintenanceOptions, PrivateDnsNameOptions, EnclaveOptions, NetworkPerformanceOptions } = instance;
  return {
    ...{ InstanceType, Architecture, VirtualizationType, BootMode, CurrentInstanceBootMode, TpmSupport },
    ...{ EnaSupport, SriovNetSupport, EbsOptimized, KeyName, RootDeviceName, MetadataOptions, CpuOptions },
    ...{ Monitoring, MaintenanceOptions, PrivateDnsNameOptions, EnclaveOptions, NetworkPerformanceOptions },
    SourceDestCheck: instance.SourceDestCheck,
    Tenancy: instance.Placement?.Tenancy,
  };
}

async function volumesOf(ec2: EC2Client, { BlockDeviceMappings = [] }: Instance) {
  const ids = BlockDeviceMappings.map(({ Ebs }) => Ebs?.VolumeId ?? '');
  const { Volumes = [] } = await settle(
    ec2.send(new DescribeVolumesCommand({ Filters: [{ Name: 'volume-id', Values: ids }] })),
  );
  const portraits = Volumes.map(({ Attachments, Size, VolumeType, Iops, Throughput, Encrypted, Tags }) => {
    const { Device = '', DeleteOnTermination } = Attachments?.[0] ?? {};
    return [
      Device,
      { DeleteOnTermination, Size, VolumeType, Iops, Throughput, Encrypted, tags: ownTags(Tags) },
    ] as const;
  });
  return Object.fromEntries(portraits);
}

function ownTags(tags: Instance['Tags'] = []): Record<string, string> {
  const own = tags.filter(({ Key }) => Key?.startsWith('homeward:') === false);
  return Object.fromEntries(own.map(({ Key = '', Value = '' }) => [Key, Value]));
}

/** Its owner makes another server of it: nothing of what was captured before is left. */
function remake(server: string): void {
  const instance = record(home, original(server));
  const plain = record(home, original('web')).options;
  instance.options = {
    ...structuredClone(plain),
    credits: instance.options.credits === undefined ? undefined : 'unlimited',
  };
  instance.interfaces[0].sourceDestCheck = true;
  instance.disableApiStop = false;
  instance.disableApiTermination = false;
  if (instance.uefiData !== undefined) instance.uefiData = Buffer.from('other keys').toString('base64');
  instance.tags = [{ Key: 'Owner', Value: 'somebody else' }];
}

function tagVolume(server: string, device: string, Key: string, Value: string): void {
  const { state: ofHome } = stage.cloud.services(home).ec2;
  const volume = ofHome.volumesOf(original(server)).find(({ attachment }) => attachment?.device === device);
  volume?.tags.push({ Key, Value });
}

/** As a version wrote it that knew neither settings nor the tags of volumes. */
function withoutSettings(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSettings);
  if (typeof value !== 'object' || value === null) return value;
  const isNew = (key: string) => key === 'settings' || (key === 'tags' && 'device' in value);
  const older = Object.entries(value).filter(([key]) => !isNew(key));
  return Object.fromEntries(older.map(([key, member]) => [key, withoutSettings(member)]));
}

const servers = Object.keys(shop.servers);

describe('a recovery point', () => {
  it('restores each server as it was then, not as it is now', async () => {
    tagVolume('db', '/dev/sdf', 'Holds', 'orders');
    const portraits = new Map<string, unknown>();
    for (const server of servers) portraits.set(server, await portrait(home, original(server)));
    expect(portraits.get('db')).toMatchObject({ uefiData, SourceDestCheck: false, CpuOptions: { CoreCount: 1 } });
    await protectNow(stage);
    const [older] = await settle(stage.catalogue.points(shop.name));
    for (const server of servers) remake(server);
    await protectNow(stage);
    const ended = outcomeOf(await stage.run('failover', { plan: shop.name, recoveryPoint: older?.id }));
    expect(ended).toMatchObject({ status: 'SUCCEEDED' });
    await stage.clock.advance(60_000);
    for (const server of servers)
      expect(await portrait(away, recovered(server)), server).toEqual(portraits.get(server));
  });

  it('says what of a server a launch could not give back', async () => {
    record(home, original('web')).purchase = { Placement: { GroupName: 'close' }, CapacityReservationId: 'cr-7' };
    const [secondary] = record(home, original('db')).interfaces[0].moreAddresses.private;
    await protectNow(stage);
    record(home, original('files')).disableApiStop = false;
    await stage.run('failover');
    expect(await events((await failover()).id)).toEqual(
      expect.arrayContaining([
        'server web was launched without placement group close; capacity reservation cr-7',
        `server db was launched without secondary private addresses ${secondary}`,
      ]),
    );
  });

  it('of a version that captured less is launched as AWS does unasked', async () => {
    await protectNow(stage);
    const table = new RawTable(stage);
    const ofPoints = (await settle(table.items())).filter(({ sk }) => sk.startsWith('SERVER#'));
    expect(JSON.stringify(ofPoints)).toContain('"settings"');
    for (const item of ofPoints) await settle(table.put(withoutSettings(item) as RawItem));
    record(home, original('files')).disableApiStop = false;
    expect(outcomeOf(await stage.run('failover'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(protections(away, recovered('db'))).toEqual({ stop: false, termination: false });
  });
});

describe('protections against stopping and termination', () => {
  const both = { stop: true, termination: true };

  /** A stop protection at home keeps the fence from being confirmed; that is for another test. */
  async function captured(): Promise<void> {
    await protectNow(stage);
    record(home, original('files')).disableApiStop = false;
  }

  it('come with the commit of a failover, and no sooner', async () => {
    await captured();
    const execution = stage.start('failover');
    await stage.clock.run(() => isEntered(execution, 'Commit'));
    expect(protections(away, recovered('files'))).toEqual({ stop: false, termination: false });
    await settle(stage.states.ended(execution.arn));
    expect(protections(away, recovered('files'))).toEqual(both);
    expect(protections(away, recovered('db'))).toEqual({ stop: false, termination: true });
    expect(protections(away, recovered('web'))).toEqual({ stop: false, termination: false });
    expect(await events((await failover()).id)).toContain(
      'switched on: termination protection of db, stop protection of files, termination protection of files',
    );
  });

  it('come also when the step that gives them dies in the middle', async () => {
    await captured();
    // Its fifth call is the first that switches something on.
    stage.cloud.faults.add({ kind: 'crash-after', caller: 'FailoverSafeguard', skip: 4, times: 1 });
    expect(outcomeOf(await stage.run('failover')).status).toBe('SUCCEEDED');
    expect(stage.cloud.faults.unmet).toEqual([]);
    expect([protections(away, recovered('files')), protections(away, recovered('db'))]).toEqual([
      both,
      { stop: false, termination: true },
    ]);
  });

  it('do not stand in the way of an undo', async () => {
    await captured();
    stage.cloud.faults.add({ kind: 'refused', operation: 'ChangeResourceRecordSets', times: 1 });
    expect(outcomeOf(await stage.run('failover'))).toMatchObject({ status: 'FAILED', error: 'AwsRefused' });
    expect(await failover()).toMatchObject({ outcome: 'rolled-back' });
    await stage.clock.advance(180_000);
    expect(await settle(findLeftovers(stage, before))).toEqual([]);
  });

  it('come with the undo of an execution that is stopped after its commit', async () => {
    await captured();
    const execution = stage.start('failover');
    await stage.clock.run(() => isEntered(execution, 'Safeguard'));
    stage.cloud.faults.add({ kind: 'crash-before', caller: 'FailoverSafeguard', times: 99 });
    await settle(stage.stop(execution));
    await stage.clock.run(() => stage.executions('failover').length === 2);
    await stage.clock.run(() => stage.executions('failover').every(({ status }) => status !== 'RUNNING'));
    expect(await failover()).toMatchObject({ outcome: 'succeeded' });
    expect(protections(away, recovered('files'))).toEqual(both);
  });

  it('that AWS refuses leave a failover that has succeeded, with its manifest, and say so', async () => {
    await captured();
    stage.cloud.faults.add({
      kind: 'refused',
      operation: 'ModifyInstanceAttribute',
      caller: 'FailoverSafeguard',
      times: 1,
    });
    expect(outcomeOf(await stage.run('failover')).status).toBe('SUCCEEDED');
    const { outcome, cause, id } = await failover();
    expect({ outcome, cause }).toEqual({
      outcome: 'succeeded',
      cause: expect.stringMatching(/^AwsRefused: Cannot switch the termination protection of i-\w+ on/),
    });
    const manifests = stage.cloud
      .services(away)
      .ec2.allResources()
      .filter(({ tags }) => tags['homeward:purpose'] === 'manifest' && tags['homeward:operation'] === id);
    expect(manifests).toHaveLength(1);
    expect(stage.cloud.services(away).sns.messages.at(-1)?.message).toContain('termination protection');
  });

  it('of recovery servers do not keep a failback from stopping them', async () => {
    await captured();
    await stage.run('failover');
    expect(outcomeOf(await stage.run('failback'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(protections(away, recovered('files'))).toEqual({ stop: false, termination: true });
    expect(protections(home, original('files'))).toEqual({ stop: false, termination: true });
  });

  it('are on again when a failback is undone', async () => {
    await captured();
    await stage.run('failover');
    const execution: Execution = stage.start('failback');
    await stage.clock.run(() => isEntered(execution, 'Rebuild'));
    expect(protections(away, recovered('files'))).toEqual({ stop: false, termination: true });
    await settle(stage.stop(execution));
    await stage.clock.run(() => stage.executions('failback').length === 2);
    await stage.clock.run(() => stage.executions('failback').every(({ status }) => status !== 'RUNNING'));
    expect(await state()).toMatchObject({ phase: 'recovered', activeSite: 'recovery', lease: null });
    expect(record(away, recovered('files')).state).toBe('running');
    expect(protections(away, recovered('files'))).toEqual(both);
  });

  it('at home leave the fence owed, and the operation says which is in the way', async () => {
    await protectNow(stage);
    expect(outcomeOf(await stage.run('failover')).status).toBe('SUCCEEDED');
    expect(await state()).toMatchObject({ activeSite: 'recovery', fence: { status: 'owed' } });
    expect(await events((await failover()).id)).toContainEqual(
      expect.stringMatching(
        new RegExp(
          `^primary not fenced yet: stop protection .*is in the way.*'${original('files')}' may not be stopped`,
        ),
      ),
    );
  });
});

import { type _InstanceType, EC2Client, StartInstancesCommand } from '@aws-sdk/client-ec2';
import type { Plan } from '../../lib/domain/plan.ts';
import type { Stage } from '../../rehearsal/stage.ts';
import type { World } from '../../rehearsal/world.ts';
import type { Ec2State } from '../../sim/ec2/state.ts';
import type { Execution } from '../../sim/stepfunctions/stepfunctions.ts';
import { replaceVolume } from '../replace-volume.ts';
import { setSchedules } from '../schedules.ts';
import { isolatingShop, shop, smallShop, turned, watchedShop } from '../shop.ts';
import { RightsRecord } from './record.ts';

const reservation = 'cr-0f100000000000003';

/**
 * The shop, which is asked from outside too, is cut off at home, has room reserved for one of its servers, turns routing controls, and keeps what it replaced for an hour, so that every right is
 * used.
 */
export const livedPlan: Plan = {
  ...watchedShop,
  recovery: { ...watchedShop.recovery, capacity: reservation },
  traffic: [...watchedShop.traffic, turned],
  failover: { ...isolatingShop.failover, ...watchedShop.failover },
  failback: { ...watchedShop.failback, keepForSeconds: 3_600 },
};

/** The shop's servers, of which one has two network interfaces and forwards what is not meant for it. */
export const livedWorld: World = (() => {
  const { db, ...others } = smallShop.servers;
  if (db === undefined) throw new Error('the small shop has a server db');
  const [subnet = ''] = Object.keys(shop.recovery.subnets);
  const securityGroups = Object.keys(shop.recovery.securityGroups);
  const details = { moreInterfaces: [{ subnet, securityGroups, sourceDestCheck: false }] };
  return { ...smallShop, servers: { db: { ...db, details }, ...others } };
})();

const minuteMs = 60_000;
/** Longer than the guard looks at an alarm of servers that an undone failover had stopped. */
const guardPatienceMs = 20 * minuteMs;
const waitMsMax = 120 * minuteMs;
/** Servers that were started have come up by then, and snapshots that were deleted are gone. */
const restMs = 3 * minuteMs;

/**
 * Takes a plan through everything that its state machines do and undo, once each: what its roles were asked for on the way. The
 * plan is {@link livedPlan}, and nothing may have happened to it yet. Its world is {@link livedWorld}, so that every right is used.
 */
export async function liveThrough(stage: Stage): Promise<RightsRecord> {
  const record = new RightsRecord(stage.cloud);
  const life = new Life(stage);
  life.prepare();
  await life.protect();
  await life.copyInFull();
  await life.stayHome();
  await life.loseHome();
  await life.comeHome();
  record.end();
  if (stage.cloud.notModelled.length > 0) throw new Error(stage.cloud.notModelled.join('; '));
  return record;
}

/** Whose variables are a part of what is captured. */
function bootByUefi({ instances }: Ec2State, id: string): void {
  const instance = instances.get(id);
  if (instance === undefined) throw new Error(`there is no instance ${id}`);
  Object.assign(instance, { image: { ...instance.image, bootMode: 'uefi' }, uefiData: 'AAAA' });
}

class Life {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Details of a server on which rights depend: a profile, a key pair, settings, tagged volumes that outlive their instance. */
  prepare(): void {
    const { state } = this.#home.ec2;
    const web = state.instances.get(this.#stage.plan.servers['web']?.instance ?? '');
    if (web === undefined) throw new Error(`plan ${this.#stage.plan.name} needs a server called web`);
    for (const { instance } of Object.values(this.#stage.plan.servers)) bootByUefi(state, instance);
    const { primary, recovery } = this.#stage.plan;
    web.request.IamInstanceProfile = { Arn: this.#home.iam.addInstanceProfile({ name: 'web' }) };
    web.request.KeyName = 'operators';
    for (const { region } of [primary, recovery]) this.#stage.cloud.services(region).ec2.addKeyPair('operators');
    const reserved = { id: reservation, instanceType: web.instanceType as _InstanceType, zone: `${recovery.region}a` };
    this.#stage.cloud.services(recovery.region).ec2.addCapacityReservation(reserved);
    web.interfaces[0].sourceDestCheck = false;
    web.disableApiTermination = true;
    for (const { attachment, tags } of state.volumesOf(web.id)) {
      tags.push({ Key: 'Owner', Value: 'operators' });
      if (attachment !== undefined) attachment.deleteOnTermination = false;
    }
  }

  /** Points, calls that are throttled, and a run that somebody stops. */
  async protect(): Promise<void> {
    this.#throttle('ProtectCapture', 'CreateSnapshots');
    this.#throttle('ProtectReplicate', 'CopySnapshot');
    await this.#protectNow();
    this.#write();
    const dying = this.#stage.start('protect');
    await this.#entered(dying, 'Replicate');
    await this.#isRefused('failback');
    await this.#stage.clock.settle(this.#stage.stop(dying));
    await this.#stage.clock.advance(minuteMs);
    await this.#protectNow();
  }

  /** Copies that AWS makes in full because the ones before them are gone, and one of a volume put in the place of another. */
  async copyInFull(): Promise<void> {
    const { snapshots } = this.#stage.cloud.services(this.#stage.plan.recovery.region).ec2.state;
    for (const id of snapshots.keys()) snapshots.delete(id);
    await this.#replaceVolume('primary');
    await this.#protectNow();
  }

  /** A switch off and on, a dry run, a drill, a failover that somebody stops, and two whose traffic Route 53 refuses to move, of which one is planned. */
  async stayHome(): Promise<void> {
    for (const automatic of ['off', 'on'])
      await this.#ends(this.#stage.start('failover', { plan: this.#stage.plan.name, automatic }), 'SUCCEEDED');
    // Its evidence comes with the next look.
    this.#refuse('PutObject', 'WatchEvidence');
    await this.#ends(this.#stage.start('failover', { plan: this.#stage.plan.name, dryRun: true }), 'SUCCEEDED');
    await this.#ends(this.#stage.start('failover', { plan: this.#stage.plan.name, drill: true }), 'SUCCEEDED');
    const stopped = this.#stage.start('failover');
    await this.#entered(stopped, 'Preflight');
    await this.#stage.clock.settle(this.#stage.stop(stopped));
    await this.#undone('failover', stopped);
    for (const planned of [false, true]) {
      this.#refuse('ChangeResourceRecordSets', 'TrafficSwitch');
      await this.#ends(this.#stage.start('failover', { plan: this.#stage.plan.name, planned }), 'FAILED');
    }
    await this.#stage.clock.advance(guardPatienceMs);
  }

  /** The Region falls silent, the alarm starts a failover that cannot open, and one that waits for a veto goes on. */
  async loseHome(): Promise<void> {
    const web = this.#home.ec2.state.instances.get(this.#stage.plan.servers['web']?.instance ?? '');
    if (web !== undefined) web.disableApiStop = true;
    await this.#protectNow();
    if (web !== undefined) web.disableApiStop = false;
    const before = this.#stage.executions('failover').length;
    this.#stage.cloud.faults.lose(this.#stage.plan.primary.region);
    this.#refuse('UpdateItem', 'FailoverOpen');
    await this.#until('the alarm starts a failover', () => this.#stage.executions('failover').length > before);
    await this.#stage.clock.advance(2 * minuteMs);
    const failover = this.#stage.start('failover', this.#waiting());
    await this.#entered(failover, 'Fence');
    // As often as the clients of both servers of the first wave ask.
    this.#throttle('FailoverLaunch', 'RunInstances', 6);
    await this.#isRefused('failback');
    const drill = { plan: this.#stage.plan.name, drill: true, trigger: 'schedule' };
    await this.#ends(this.#stage.start('failover', drill), 'FAILED');
    await this.#ends(failover, 'SUCCEEDED');
    this.#stage.cloud.faults.restore(this.#stage.plan.primary.region);
  }

  /** A round home, an estimate, a drill of the way home, failbacks that are stopped, refused and finished, one volume by comparison, protection by deltas and by comparison, and the end of what stayed. */
  async comeHome(): Promise<void> {
    this.#write();
    await this.#until('the fence is paid', () => this.#payments().some(({ status }) => status === 'SUCCEEDED'));
    // Somebody starts the servers of the primary again.
    await this.#stage.clock.settle(
      new EC2Client(this.#stage.cloud.clientConfig(this.#stage.plan.primary.region)).send(
        new StartInstancesCommand({
          InstanceIds: Object.values(this.#stage.plan.servers).map(({ instance }) => instance),
        }),
      ),
    );
    await this.#protectNow();
    await this.#replaceVolume('recovery');
    for (const step of ['Estimate', 'PayFence', 'Round']) this.#throttle(`Failback${step}`, 'CreateSnapshots');
    await this.#ends(this.#stage.start('failback', { plan: this.#stage.plan.name, estimateOnly: true }), 'SUCCEEDED');
    await this.#protectNow();
    await this.#ends(this.#stage.start('failover', { plan: this.#stage.plan.name, drill: true }), 'SUCCEEDED');
    const stopped = this.#stage.start('failback');
    await this.#entered(stopped, 'Round');
    await this.#isRefused('failover');
    await this.#isRefused('failback');
    await this.#stage.clock.settle(this.#stage.stop(stopped));
    await this.#undone('failback', stopped);
    this.#refuse('ChangeResourceRecordSets', 'TrafficSwitch');
    await this.#ends(this.#stage.start('failback'), 'FAILED');
    this.#write();
    this.#throttle('TransferStart', 'CopySnapshot');
    const returning = this.#stage.start('failback');
    await this.#entered(returning, 'Round');
    await this.#loseBases();
    // Who protects first what has come home.
    await setSchedules(this.#stage, 'protect', 'DISABLED');
    await this.#ends(returning, 'SUCCEEDED');
    await this.#until('what came home is protected', () =>
      this.#stage.executions('protect').some(({ name }) => name.startsWith('home-')),
    );
    await setSchedules(this.#stage, 'protect', 'ENABLED');
    this.#stage.workload.act({ kind: 'write', server: 'db', device: '/dev/sdf', blocks: 1 });
    // Where nothing changes, what takes the place of a volume is compared.
    for (let quiet = 0; quiet < 3; quiet += 1) await this.#protectNow();
    await this.#replaceVolume('primary');
    await this.#protectNow();
    await this.#ends(this.#stage.start('failback', { plan: livedPlan.name, accept: true, dryRun: true }), 'SUCCEEDED');
    await this.#until('what stays has stayed long enough', () =>
      this.#stage
        .executions('failback')
        .some(({ name, status }) => name.startsWith('accept-') && status === 'SUCCEEDED'),
    );
  }

  /** After the estimate, and the report of what was written at home, somebody deletes images there: of one volume those that failbacks made, of another all. */
  async #loseBases(): Promise<void> {
    const { catalogue, clock, plan } = this.#stage;
    const { snapshots } = this.#home.ec2.state;
    for (const { volume, operation, primarySnapshot } of await clock.settle(catalogue.twins(plan.name)))
      if (volume === 'db:/dev/sdf' || (volume === 'web:/dev/sdf' && operation.startsWith('failback-')))
        snapshots.delete(primarySnapshot);
    for (const { servers } of await clock.settle(catalogue.points(plan.name)))
      snapshots.delete(servers['db']?.volumes['/dev/sdf']?.snapshot ?? '');
  }

  #payments(): readonly Execution[] {
    return this.#stage.executions('failback').filter(({ name }) => name.startsWith('fence-'));
  }

  /** The input of a failover that waits for a minute, beside the alarm that is on. */
  #waiting() {
    const { cloudwatch } = this.#stage.cloud.services(this.#stage.plan.recovery.region);
    const on = cloudwatch.composites.transitions.at(-1);
    const cancelUntil = new Date(this.#stage.clock.now() + minuteMs).toISOString();
    return { plan: this.#stage.plan.name, alarm: { name: on?.settings.name, cancelUntil } };
  }

  async #replaceVolume(site: 'primary' | 'recovery'): Promise<void> {
    const { region } = this.#stage.plan[site];
    const { scheduler } = this.#stage.cloud.services(this.#stage.plan.recovery.region);
    // No run captures the server while it has no such volume.
    scheduler.isHeld = true;
    await replaceVolume(this.#stage, { region, server: 'web', device: '/dev/sdf' });
    scheduler.isHeld = false;
  }

  get #home() {
    return this.#stage.cloud.services(this.#stage.plan.primary.region);
  }

  #write(): void {
    for (const server of Object.keys(this.#stage.plan.servers))
      this.#stage.workload.act({ kind: 'write', server, device: '/dev/sdf', blocks: 1 });
  }

  /** What was noted before a call that AWS refuses for now is taken back. */
  #throttle(caller: string, operation: string, times = 1): void {
    this.#stage.cloud.faults.add({ kind: 'throttled', operation, caller, times });
  }

  #refuse(operation: string, caller: string): void {
    this.#stage.cloud.faults.add({ kind: 'refused', operation, caller, times: 1 });
  }

  async #protectNow(): Promise<void> {
    await this.#until('protect rests', () =>
      this.#stage.executions('protect').every(({ status }) => status !== 'RUNNING'),
    );
    await this.#ends(this.#stage.start('protect'), 'SUCCEEDED');
  }

  /** Another operation has the plan. */
  async #isRefused(kind: 'failover' | 'failback'): Promise<void> {
    const { status, error } = await this.#stage.run(kind);
    if (status !== 'FAILED') throw new Error(`a ${kind} beside another operation ended ${status}: ${error}`);
  }

  /** Waits for the end of an execution, which must be as told. */
  async #ends({ arn, machineName }: Execution, expected: Execution['status']): Promise<void> {
    const { status, error, cause } = await this.#stage.clock.settle(this.#stage.states.ended(arn));
    if (status !== expected) throw new Error(`${machineName} ended ${status}, not ${expected}: ${error} ${cause}`);
    await this.#stage.clock.advance(machineName.includes('Protect') ? 0 : restMs);
  }

  /** Lets time pass, but not for ever: schedules would keep it passing. */
  async #until(what: string, isReached: () => boolean): Promise<void> {
    const latest = this.#stage.clock.now() + waitMsMax;
    await this.#stage.clock.run(() => {
      if (this.#stage.clock.now() > latest)
        throw new Error(`within ${waitMsMax / minuteMs} minutes it is not so that ${what}`);
      return isReached();
    });
  }

  async #entered(execution: Execution, name: string): Promise<void> {
    await this.#until(`${execution.machineName} comes to ${name}`, () => {
      if (execution.status !== 'RUNNING') throw new Error(`${execution.machineName} ended before it came to ${name}`);
      return execution.history.some(({ type, state }) => type === 'StateEntered' && state?.name === name);
    });
  }

  /** Waits for the execution that undoes a stopped one. */
  async #undone(kind: 'failover' | 'failback', stopped: Execution): Promise<void> {
    await this.#until(`a stopped ${kind} is undone`, () => this.#stage.executions(kind).at(-1) !== stopped);
    const [undo] = this.#stage.executions(kind).slice(-1);
    if (undo !== undefined) await this.#ends(undo, 'FAILED');
  }
}

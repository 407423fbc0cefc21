import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EBSClient } from '@aws-sdk/client-ebs';
import { CopySnapshotCommand, CreateSnapshotCommand, EC2Client } from '@aws-sdk/client-ec2';
import type { HttpRequest, HttpResponse } from '@smithy/core/protocols';
import { Catalogue } from '../../lib/aws/catalogue.ts';
import { type Clients, ec2Client } from '../../lib/aws/clients.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import { openOperation } from '../../lib/steps/operation/open.ts';
import type { Services } from '../../lib/steps/services.ts';
import { complete } from '../../lib/steps/transfer/complete.ts';
import { move } from '../../lib/steps/transfer/move.ts';
import { type StartedTransfer, start } from '../../lib/steps/transfer/start.ts';
import { VirtualClock } from '../../sim/clock.ts';
import { SimulatedCloud } from '../../sim/create-cloud.ts';

export const [home, away] = ['us-east-1', 'us-west-2'] as const;
const plan = { name: 'shop' } as Plan;
export type Region = typeof home | typeof away;
export const otherThan = (region: Region): Region => (region === home ? away : home);

/** What comes between an EBS client and AWS: may change a request, or its answer. */
export type Wire = (
  request: HttpRequest,
  send: () => Promise<{ response: HttpResponse }>,
) => Promise<{ response: HttpResponse }>;

export const block = (fill: number) => Buffer.alloc(524_288, fill);

/** The block that moves from `base`, at `farBase` too, to `later`: home, unless `from` is there. */
export interface Course {
  readonly from?: Region;
  readonly base: string;
  readonly later: string;
  readonly farBase: string;
  readonly sizeGib?: number;
}

/** One volume in two Regions, and the steps that carry its blocks home. */
export class TransferStage {
  readonly clock = new VirtualClock(new Date('2026-01-05T10:00:00Z'));
  readonly cloud = new SimulatedCloud({ regions: [home, away], clock: this.clock, seed: 1 });
  readonly services: Services = this.#services();
  wire: Wire = (_, send) => send();
  /** Runs of `move` so far. */
  moves = 0;
  #courses = 0;

  static async open(): Promise<TransferStage> {
    const stage = new TransferStage();
    const keys = ['pk', 'sk'];
    await stage.clock.settle(
      stage.cloud.services(away).dynamodb.createTable({
        TableName: 'catalogue',
        KeySchema: keys.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? 'HASH' : 'RANGE' })),
        AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
    await stage.clock.advance(1_000);
    return stage;
  }

  #services(): Services {
    const { clock, cloud } = this;
    const client = ((factory: unknown, region: string) => {
      const config = cloud.clientConfig(region);
      if (factory === ec2Client) return new EC2Client(config);
      const { requestHandler } = config;
      const handle = (request: HttpRequest) => this.wire(request, () => requestHandler.handle(request));
      return new EBSClient({ ...config, requestHandler: { ...requestHandler, handle }, maxAttempts: 5 });
    }) as Clients;
    const catalogue = new Catalogue('catalogue', new DynamoDBClient(cloud.clientConfig(away)));
    return {
      client,
      catalogue,
      now: () => new Date(clock.now()),
      plans: () => [plan],
      plan: () => plan,
      planOf: () => Promise.resolve(plan),
      proveEpoch: (context) => catalogue.changeState(context, { kind: 'renew', now: new Date(clock.now()) }),
      isRunning: async () => true,
      setting: (name) => name,
    };
  }

  newVolume(): string {
    const { ec2 } = this.cloud.services(away);
    return Object.values(ec2.addInstance({ subnet: ec2.addSubnet({}) }).volumes)[0] ?? '';
  }

  write(volume: string, index: number, bytes: Buffer): void {
    this.cloud.services(away).ec2.writeBlocks(volume, index, bytes);
  }

  async snapshot(volume: string, region: Region = away): Promise<string> {
    const request = new CreateSnapshotCommand({ VolumeId: volume });
    const made = await this.clock.settle(this.services.client(ec2Client, region).send(request));
    await this.clock.advance(3_600_000);
    return made.SnapshotId ?? '';
  }

  async copyHome(snapshotId: string): Promise<string> {
    const request = new CopySnapshotCommand({ SourceRegion: away, SourceSnapshotId: snapshotId });
    const { SnapshotId = '' } = await this.clock.settle(this.services.client(ec2Client, home).send(request));
    await this.clock.advance(7_200_000);
    return SnapshotId;
  }

  /** Starts the transfer, twice as a repeated step does. */
  async begin({ from = away, base, later, farBase, sizeGib = 8 }: Course) {
    const opening = { kind: 'failover', plan, execution: 'x', trigger: 'test', recoveryPoint: null } as const;
    const opened = await this.clock.settle(openOperation(this.services, opening));
    if (opened.kind !== 'opened') throw new Error('must open');
    this.#courses += 1;
    const transfer = {
      id: `round-${this.#courses}/db:/dev/xvda`,
      volume: 'db:/dev/xvda' as const,
      sizeGib,
      purpose: 'failback-base',
      near: { region: from, base, snapshot: later },
      far: { region: otherThan(from), base: farBase },
    };
    const item = { ...opened.context, transfer };
    const started = await this.clock.settle(start(this.services, item));
    const again = await this.clock.settle(start(this.services, item));
    return { item, started, again };
  }

  /** Moves all units, as the loop of the state machine does; of each run, `sideBySide` copies. */
  async moveAll(item: Begun['item'], { target, method, units }: StartedTransfer, sideBySide = 1): Promise<void> {
    if (method === 'native-full') return;
    for (const unit of units)
      for (let rest = { ...unit, done: false }; !rest.done; ) {
        const runs = Array.from({ length: sideBySide }, () =>
          move(this.services, { ...item, target, method, unit: rest }),
        );
        this.moves += 1;
        const all = await this.clock.settle(Promise.all(runs));
        if (new Set(all.map((each) => JSON.stringify(each))).size > 1) throw new Error('two runs say two things');
        rest = all[0] ?? rest;
      }
  }

  async completeAll(item: Begun['item'], target: string): Promise<void> {
    for (let poll = { polls: 0, done: false }; !poll.done; await this.clock.advance(60_000)) {
      if (poll.polls === 50) throw new Error('never completed');
      poll = await this.clock.settle(complete(this.services, { ...item, target, poll }));
    }
  }

  /** The whole way; gives its record and what has arrived. */
  async carry(course: Course) {
    const { item, started } = await this.begin(course);
    await this.moveAll(item, started);
    await this.completeAll(item, started.target);
    return this.outcome(item, started.target);
  }

  async outcome({ operation, transfer }: Begun['item'], target: string) {
    const record = await this.clock.settle(this.services.catalogue.transfer(operation, transfer.id));
    const events = await this.clock.settle(this.services.catalogue.events(operation));
    const arrived = this.cloud.services(transfer.far.region).ec2.contentOf(target).blocks;
    return { record, arrived, notes: events.map(({ text }) => text) };
  }

  /** Answered calls of an operation that name a block, by its index. */
  answered(operation: string): number[] {
    const calls = this.cloud.record.calls.filter(
      (call) => call.operation === operation && call.outcome === 'answered' && call.input.BlockIndex !== undefined,
    );
    return calls.map(({ input }) => Number(input.BlockIndex)).toSorted((a, b) => a - b);
  }
}

type Begun = Awaited<ReturnType<TransferStage['begin']>>;

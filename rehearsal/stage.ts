import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EBSClient } from '@aws-sdk/client-ebs';
import { EC2Client } from '@aws-sdk/client-ec2';
import { S3Client } from '@aws-sdk/client-s3';
import { RedriveExecutionCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { Catalogue } from '../lib/aws/catalogue.ts';
import type { Console } from '../lib/cli/operations.ts';
import type { Plan } from '../lib/domain/plan.ts';
import { healthCheckOutput, outputs } from '../lib/names.ts';
import { VirtualClock } from '../sim/clock.ts';
import { deployAssembly } from '../sim/cloudformation/cloudformation.ts';
import { SimulatedCloud } from '../sim/create-cloud.ts';
import type { Random } from '../sim/random.ts';
import type { Execution } from '../sim/stepfunctions/stepfunctions.ts';
import { Guests } from './guests.ts';
import { placePairs, placeRecovery, placeWorld } from './place-world.ts';
import { Workload } from './workload.ts';
import { type World, withWorldMembers } from './world.ts';

const machineOutput = {
  protect: outputs.protectMachineArn,
  failover: outputs.failoverMachineArn,
  failback: outputs.failbackMachineArn,
} as const;
/** A state machine, named by the operations that most run in it. */
export type MachineKind = keyof typeof machineOutput;

export interface StageOptions {
  readonly plan: Plan;
  readonly world: World;
  readonly seed: number;
  /** What {@link synthesize} wrote. */
  readonly assembly: string;
  /** Regions of the cloud beside those of the plan, for plans that are deployed {@link Stage.beside} it. */
  readonly furtherRegions?: readonly string[];
  /** Of its clock, where many servers are at work at once. */
  readonly quietTurns?: number;
}

/** The simulated day every rehearsal begins with. */
const firstMorning = new Date('2026-01-05T09:00:00Z');

/** A plan that another operation keeps is no longer waited for after so many tries. */
const skippedMax = 30;

/** A plan's world with Homeward deployed beside it, in virtual time that only moves when it is told to. */
export class Stage {
  readonly plan: Plan;
  readonly clock: VirtualClock;
  readonly cloud: SimulatedCloud;
  readonly guests: Guests;
  readonly workload: Workload;
  readonly catalogue: Catalogue;
  /** Name of the catalogue's table. */
  readonly tableName: string;
  readonly #machines: Readonly<Record<MachineKind, string>>;
  readonly #names: Random;

  private constructor(plan: Plan, clock: VirtualClock, cloud: SimulatedCloud, found: ReadonlyMap<string, string>) {
    this.plan = plan;
    this.clock = clock;
    this.cloud = cloud;
    this.guests = new Guests(cloud, this.plan);
    this.workload = new Workload(cloud, this.plan, this.guests);
    this.#names = cloud.random.fork('console');
    const { region } = plan.recovery;
    this.tableName = found.get(outputs.tableName) ?? '';
    this.catalogue = new Catalogue(this.tableName, new DynamoDBClient(cloud.clientConfig(region)));
    const arnOf = (kind: MachineKind) => found.get(machineOutput[kind]) ?? '';
    this.#machines = { protect: arnOf('protect'), failover: arnOf('failover'), failback: arnOf('failback') };
  }

  /** Builds the world and deploys the assembly into it. Real time stands still for the process until {@link close}. */
  static async open(options: StageOptions): Promise<Stage> {
    const { world, seed, assembly, furtherRegions = [], quietTurns } = options;
    const plan = withWorldMembers(options.plan, world);
    const clock = new VirtualClock(firstMorning, quietTurns);
    try {
      const cloud = new SimulatedCloud({
        regions: [plan.primary.region, plan.recovery.region, ...furtherRegions],
        clock,
        seed,
        ...(plan.recovery.key === undefined ? {} : { account: plan.recovery.key.split(':')[4] ?? '' }),
      });
      placeWorld(cloud, plan, world);
      return await Stage.#deploy(plan, assembly, clock, cloud);
    } catch (error) {
      clock.uninstall();
      throw error;
    }
  }

  /**
   * Another plan deployed into the same cloud and time, for servers that are there already: those that this plan's failover launched. It ends
   * with this stage, which is to be closed alone.
   */
  beside(plan: Plan, assembly: string): Promise<Stage> {
    placeRecovery(this.cloud, plan);
    return Stage.#deploy(plan, assembly, this.clock, this.cloud);
  }

  static async #deploy(plan: Plan, assembly: string, clock: VirtualClock, cloud: SimulatedCloud): Promise<Stage> {
    const stacks = await clock.settle(deployAssembly(cloud, assembly));
    const found = stacks.flatMap((stack) => stack.outputs.map(({ key, value }): [string, string] => [key, value]));
    placePairs(cloud, plan, new Map(found).get(healthCheckOutput(plan.name)) ?? '');
    const stage = new Stage(plan, clock, cloud, new Map(found));
    stage.workload.startHeartbeat();
    return stage;
  }

  /** Gives real time back. */
  close(): void {
    this.clock.uninstall();
  }

  get states() {
    return this.cloud.services(this.plan.recovery.region).stepfunctions;
  }

  /** Executions of one state machine, oldest first. */
  executions(kind: MachineKind): readonly Execution[] {
    return this.states.executions.filter(({ machineArn }) => machineArn === this.#machines[kind]);
  }

  kindOf(execution: Execution): MachineKind | undefined {
    return (Object.keys(this.#machines) as MachineKind[]).find((kind) => this.#machines[kind] === execution.machineArn);
  }

  /** Starts an operation as the Step Functions console does. */
  start(kind: MachineKind, input: unknown = { plan: this.plan.name }): Execution {
    return this.states.start(this.#machines[kind], JSON.stringify(input));
  }

  /** Starts an operation and lets time pass until it has ended. */
  async run(kind: MachineKind, input?: unknown): Promise<Execution> {
    const { arn } = this.start(kind, input);
    return this.clock.settle(this.states.ended(arn));
  }

  /** Stops an execution as the Step Functions console does. */
  async stop({ arn }: Execution): Promise<void> {
    await this.#stepFunctions().send(new StopExecutionCommand({ executionArn: arn }));
  }

  /** Lets an execution that did not succeed go on, as the console does. */
  async redrive({ arn }: Execution): Promise<void> {
    await this.#stepFunctions().send(new RedriveExecutionCommand({ executionArn: arn }));
  }

  #stepFunctions(): SFNClient {
    return new SFNClient(this.cloud.clientConfig(this.plan.recovery.region));
  }

  /**
   * Starts an operation between the runs that the schedule starts, and lets time pass until it has ended.
   * @throws Error when it is skipped over and over
   */
  async runUnskipped(kind: MachineKind, input?: unknown): Promise<Execution> {
    for (let turn = 0; turn < skippedMax; turn += 1) {
      await this.clock.run(() => this.executions('protect').every(({ status }) => status !== 'RUNNING'));
      const execution = await this.run(kind, input);
      const isSkipped = (execution.output as { skipped?: boolean } | undefined)?.skipped === true;
      if (!isSkipped) return execution;
    }
    throw new Error(`${kind} was skipped ${skippedMax} times`);
  }

  /** Surroundings for the command line's own code, in this cloud. */
  console(print: (line: string) => void): Console {
    return {
      print,
      pause: (seconds) => new Promise((resume) => this.clock.after(seconds * 1_000, resume)),
      newName: () => this.#names.hex(32),
      clients: (region) => {
        const config = this.cloud.clientConfig(region);
        return {
          cloudformation: new CloudFormationClient(config),
          dynamodb: new DynamoDBClient(config),
          ebs: new EBSClient(config),
          ec2: new EC2Client(config),
          s3: new S3Client(config),
          sfn: new SFNClient(config),
        };
      },
    };
  }
}

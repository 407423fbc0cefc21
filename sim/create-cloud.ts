import { homedir } from 'node:os';
import { join } from 'node:path';
import { externalDataInterceptor } from '@smithy/core/config';
import { CallRecord } from './call-record.ts';
import type { Clock } from './clock.ts';
import type { Cloud, Services } from './cloud.ts';
import { CloudFormation } from './cloudformation/cloudformation.ts';
import { CloudWatch } from './cloudwatch/cloudwatch.ts';
import { DynamoDb } from './dynamodb/dynamodb.ts';
import { Ebs } from './ebs/ebs.ts';
import { Ec2 } from './ec2/ec2.ts';
import { EventBridge } from './eventbridge/eventbridge.ts';
import { Faults } from './faults.ts';
import { Iam } from './iam/iam.ts';
import { Kms } from './kms/kms.ts';
import { Lambda } from './lambda/lambda.ts';
import { createRandom, type Random } from './random.ts';
import { RecoveryCluster } from './recoverycluster/recovery-cluster.ts';
import { Route53 } from './route53/route53.ts';
import { S3 } from './s3/s3.ts';
import { Scheduler } from './scheduler/scheduler.ts';
import { ServiceQuotas } from './servicequotas/servicequotas.ts';
import { NotModelled, type Surroundings } from './service.ts';
import { Sns } from './sns/sns.ts';
import { Ssm } from './ssm/ssm.ts';
import { StepFunctions } from './stepfunctions/stepfunctions.ts';
import { createDispatch } from './wire/dispatch.ts';
import { inProcessHandler } from './wire/handler.ts';
import type { Dispatch } from './wire/wire.ts';

/** The services that SDK clients call, by the first label of their endpoint. */
const serviceBehind = {
  cloudformation: 'cloudformation',
  dynamodb: 'dynamodb',
  ebs: 'ebs',
  ec2: 'ec2',
  iam: 'iam',
  kms: 'kms',
  lambda: 'lambda',
  monitoring: 'cloudwatch',
  route53: 'route53',
  'route53-recovery-cluster': 'recoverycluster',
  s3: 's3',
  servicequotas: 'servicequotas',
  sns: 'sns',
  ssm: 'ssm',
  states: 'stepfunctions',
} as const;

/**
 * Clients would read `~/.aws`: somebody's settings would change what they do, and reading a real file is a wait that virtual time
 * does not see.
 */
function hidePersonalConfig(): void {
  const { AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE } = process.env;
  externalDataInterceptor.interceptFile(AWS_CONFIG_FILE ?? join(homedir(), '.aws', 'config'), '');
  externalDataInterceptor.interceptFile(AWS_SHARED_CREDENTIALS_FILE ?? join(homedir(), '.aws', 'credentials'), '');
}

export interface CloudOptions {
  readonly regions: readonly string[];
  readonly clock: Clock;
  readonly seed: string | number;
  /** Twelve digits; `123456789012` unless given. */
  readonly account?: string;
}

/** A whole simulated cloud: every service in every Region, its faults, and the record of its calls. */
export class SimulatedCloud implements Cloud {
  readonly account: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly regions: readonly string[];
  readonly faults = new Faults();
  readonly record = new CallRecord();
  readonly notModelled: string[] = [];
  readonly dispatch: Dispatch;
  readonly #services = new Map<string, Services>();
  readonly #route53: Route53;
  readonly #iam: Iam;
  readonly #recoverycluster: RecoveryCluster;

  constructor({ regions, clock, seed, account = '123456789012' }: CloudOptions) {
    this.regions = regions;
    this.clock = clock;
    this.account = account;
    this.random = createRandom(seed);
    this.#route53 = new Route53(this.#surroundings('us-east-1'));
    this.#iam = new Iam(this.#surroundings('us-east-1'));
    this.#recoverycluster = new RecoveryCluster(this.#surroundings('us-west-2'));
    for (const region of regions) this.#services.set(region, this.#create(region));
    let requests = 0;
    this.dispatch = createDispatch({
      notModelled: this.notModelled,
      requestId: () => `00000000-0000-4000-9000-${(requests++).toString(16).padStart(12, '0')}`,
      service: (endpoint, region) => this.#behind(endpoint, region),
      around: (call, input, run) =>
        this.record.around(call, input, clock.now(), () => this.faults.around(call, run, (ms) => this.#pause(ms))),
    });
  }

  services(region: string): Services {
    const services = this.#services.get(region);
    if (services === undefined)
      throw new NotModelled(`the Region ${region} (this cloud has ${this.regions.join(', ')})`);
    return services;
  }

  /** Configuration of SDK clients that call this cloud from the same process. */
  clientConfig(region: string) {
    hidePersonalConfig();
    return {
      region,
      credentials: { accessKeyId: 'AKIASIMULATEDPERSON', secretAccessKey: 'simulated' },
      requestHandler: inProcessHandler(this.dispatch),
    };
  }

  #create(region: string): Services {
    const surroundings = this.#surroundings(region);
    const services: Services = {
      cloudformation: new CloudFormation(surroundings),
      cloudwatch: new CloudWatch(surroundings),
      dynamodb: new DynamoDb(),
      ebs: new Ebs(surroundings),
      ec2: new Ec2(surroundings),
      eventbridge: new EventBridge(surroundings),
      iam: this.#iam,
      kms: new Kms(surroundings),
      lambda: new Lambda(surroundings),
      recoverycluster: this.#recoverycluster,
      route53: this.#route53,
      s3: new S3(surroundings),
      scheduler: new Scheduler(surroundings),
      servicequotas: new ServiceQuotas(surroundings),
      sns: new Sns(surroundings),
      ssm: new Ssm(surroundings),
      stepfunctions: new StepFunctions(surroundings),
    };
    services.ec2.onEvent((event) => services.eventbridge.emit(event));
    return services;
  }

  #surroundings(region: string): Surroundings {
    return { region, account: this.account, cloud: this };
  }

  #behind(endpoint: string, region: string) {
    if (endpoint === 'route53') return this.#route53;
    if (endpoint === 'iam') return this.#iam;
    if (endpoint === 'route53-recovery-cluster') return this.#recoverycluster;
    const name = serviceBehind[endpoint as keyof typeof serviceBehind];
    if (name === undefined) throw new NotModelled(`the endpoint ${endpoint}`);
    return this.services(region)[name];
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resume) => this.clock.after(ms, resume));
  }
}

import { Aws, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Effect, ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, CfnFunction, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Plan, ProbesNetwork } from '../domain/plan.ts';
import { environment } from '../names.ts';
import { accept } from './accept.ts';
import { handlerOf } from './bundle.ts';
import { catalogueActions } from './catalogue-rights.ts';
import { sparingMemory } from './mover.ts';
import { rightsOf } from './rights.ts';
import { type StepName, stepNames } from './step-names.ts';

export interface StepFunctionsProps {
  readonly plans: readonly Plan[];
  readonly table: Table;
  readonly environment: Readonly<Record<string, string>>;
  /** Where `packPlans` wrote the package of all functions to. */
  readonly code: string;
}

/** Moving blocks needs CPU for checksums and memory for 64 blocks in flight; the rest only waits for AWS. */
const sizes: Partial<Record<StepName, { memoryMb: number; minutes: number; more?: Readonly<Record<string, string>> }>> =
  {
    'transfer/move': { memoryMb: 1_769, minutes: 15, more: sparingMemory },
    'transfer/start': { memoryMb: 512, minutes: 15 },
    'transfer/complete': { memoryMb: 512, minutes: 15 },
    'failback/estimate': { memoryMb: 512, minutes: 15 },
    'failback/round': { memoryMb: 512, minutes: 15 },
    'failback/pay-fence': { memoryMb: 512, minutes: 15 },
    'failover/guard': { memoryMb: 256, minutes: 15 },
  };

/** One function per step, each with a role of its own that may do what the step does and nothing else. */
export class StepFunctions extends Construct {
  readonly #functions = new Map<StepName, LambdaFunction>();

  constructor(scope: Construct, props: StepFunctionsProps) {
    super(scope, 'Steps');
    for (const step of stepNames) this.#functions.set(step, this.#function(pascal(step), step, props));
    this.#connectProbers(props);
  }

  get(step: StepName): LambdaFunction {
    const found = this.#functions.get(step);
    if (found === undefined) throw new Error(`There is no function for step ${step}.`);
    return found;
  }

  #function(id: string, step: StepName, props: StepFunctionsProps): LambdaFunction {
    const logGroup = new LogGroup(this, `${id}Log`, {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, `${id}Role`, {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Homeward ${step}`,
    });
    logGroup.grantWrite(role);
    const { memoryMb = 256, minutes = 5, more = {} } = sizes[step] ?? {};
    const made = new LambdaFunction(this, id, {
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: handlerOf(step),
      code: Code.fromAsset(props.code),
      description: `Homeward ${step}`,
      timeout: Duration.minutes(minutes),
      memorySize: memoryMb,
      environment: { ...props.environment, ...more },
      role,
      logGroup,
    });
    const used = catalogueActions(step, props.plans);
    if (used.length > 0) props.table.grant(role, ...used);
    this.#allow(role, step, props.plans);
    return made;
  }

  #allow(role: Role, step: StepName, plans: readonly Plan[]): void {
    for (const { actions, resources, conditions } of rightsOf(step, {
      partition: Aws.PARTITION,
      account: Stack.of(this).account,
      plans,
    })) {
      for (const some of inStatements(resources))
        role.addToPolicy(
          new PolicyStatement({
            effect: Effect.ALLOW,
            actions: [...actions],
            resources: [...some],
            ...(conditions === undefined ? {} : { conditions }),
          }),
        );
      accept(
        role,
        resources.filter((resource) => resource.includes('*')),
        'Resources are created by operations, their ids are not known at deploy time; Describe and metric actions have no resource.',
      );
    }
  }

  /** The health gate probes public addresses from outside, and private ones from inside each plan's own networks. */
  #connectProbers(props: StepFunctionsProps): void {
    const health = this.get('waves/health');
    const outside = this.get('waves/probe');
    const inside = this.#probersInside(props, '', ({ probes }) => probes);
    const drill = this.#probersInside(props, 'Drill', (plan) => plan.drill?.probes);
    health.addToRolePolicy(
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: [outside, ...[...inside, ...drill].map(({ prober }) => prober)].map(
          ({ functionArn }) => functionArn,
        ),
      }),
    );
    const byPlan = (probers: typeof inside) =>
      `{${probers.map(({ plan, prober }) => `"${plan}":"${prober.functionArn}"`).join(',')}}`;
    health.addEnvironment(
      environment.probers,
      `{"outside":"${outside.functionArn}","inside":${byPlan(inside)},"drill":${byPlan(drill)}}`,
    );
  }

  #probersInside(props: StepFunctionsProps, name: string, networkOf: (plan: Plan) => ProbesNetwork | undefined) {
    return props.plans.flatMap((plan) => {
      const network = networkOf(plan);
      if (network === undefined) return [];
      return [{ plan: plan.name, prober: this.#proberInside(`${name}${pascal(plan.name)}`, network, props) }];
    });
  }

  #proberInside(name: string, network: ProbesNetwork, props: StepFunctionsProps): LambdaFunction {
    const made = this.#function(`WavesProbe${name}`, 'waves/probe', props);
    made.role?.addManagedPolicy(ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSLambdaVPCAccessExecutionRole'));
    if (made.role !== undefined)
      Validations.of(made.role).acknowledge({
        id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole]',
        reason:
          'A function in a VPC needs to manage its own network interfaces; this is the policy AWS maintains for that.',
      });
    const resource = made.node.defaultChild;
    if (resource instanceof CfnFunction)
      resource.vpcConfig = { subnetIds: [...network.subnets], securityGroupIds: [...network.securityGroups] };
    return made;
  }
}

/** A managed policy, into which the CDK moves what an inline one cannot hold, takes 6,144 characters: 60 ARNs of up to 90, and more. */
const resourcesPerStatement = 60;

function inStatements(resources: readonly string[]): string[][] {
  const statements: string[][] = [];
  for (let start = 0; start < resources.length; start += resourcesPerStatement)
    statements.push(resources.slice(start, start + resourcesPerStatement));
  return statements;
}

/** `failback/pay-fence` → `FailbackPayFence` */
export function pascal(text: string): string {
  return text
    .split(/[/-]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

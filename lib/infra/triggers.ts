import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { type IRole, Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke, StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import type { CfnStateMachine, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { isProbed, signalEverySeconds } from '../domain/automatic.ts';
import type { Plan } from '../domain/plan.ts';
import { readinessEverySeconds } from '../domain/readiness.ts';
import { measureEverySeconds } from '../domain/rpo.ts';
import { environment } from '../names.ts';
import { accept, readable } from './accept.ts';
import type { StepName } from './step-names.ts';
import type { StepFunctions } from './step-functions.ts';
import { pascal } from './step-functions.ts';

/**
 * Two schedules per plan, to protect it and to measure it. A tick that could not be delivered is dropped when the next one is due:
 * missed ticks never pile up. Left to itself Scheduler would try each for a day. @source aws-facts [5.9]
 */
export class Schedules extends Construct {
  constructor(scope: Construct, plans: readonly Plan[], protect: StateMachine, measure: LambdaFunction) {
    super(scope, 'Schedules');
    const measuring = invoking(this, 'MeasuringRole', 'protect/measure', measure);
    for (const plan of plans) {
      this.#measure(plan, measure, measuring);
      const every = Duration.seconds(plan.protection.everySeconds);
      new Schedule(this, pascal(plan.name), {
        schedule: ScheduleExpression.rate(every),
        description: `Homeward: protect plan ${plan.name}`,
        target: new StepFunctionsStartExecution(protect, {
          input: ScheduleTargetInput.fromObject({ plan: plan.name, scheduledFor: '<aws.scheduler.scheduled-time>' }),
          maxEventAge: Duration.seconds(Math.min(86_400, Math.max(60, plan.protection.everySeconds))),
          retryAttempts: 3,
        }),
      });
    }
  }

  #measure(plan: Plan, measure: LambdaFunction, role: IRole): void {
    const every = Duration.seconds(measureEverySeconds(plan.protection.rpoTargetSeconds));
    new Schedule(this, `Measure${pascal(plan.name)}`, {
      schedule: ScheduleExpression.rate(every),
      description: `Homeward: measure plan ${plan.name}`,
      target: new LambdaInvoke(measure, {
        role,
        input: ScheduleTargetInput.fromObject({ plan: plan.name }),
        maxEventAge: every,
        retryAttempts: 3,
      }),
    });
  }
}

/** The CDK's own role could invoke every version of the function too. */
export function invoking(scope: Construct, id: string, step: StepName, invoked: LambdaFunction): IRole {
  const assumedBy = new ServicePrincipal('scheduler.amazonaws.com', {
    conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
  });
  const role = new Role(scope, id, { assumedBy, description: `Homeward: invoke ${step}` });
  role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [invoked.functionArn] }));
  return role.withoutPolicyUpdates();
}

/**
 * For each plan: every minute what is owed and can be paid now, a fence or a point since it came home, and whether its probes are answered and its signals suffice for a failover, and less often whether a failover would work, and what has stayed long enough since it came home. A tick that could not be delivered is dropped for the next one.
 */
export class Watch extends Construct {
  constructor(
    scope: Construct,
    plans: readonly Plan[],
    functions: StepFunctions,
    { protect, failback }: Pick<Machines, 'protect' | 'failback'>,
  ) {
    super(scope, 'Watch');
    const fences = functions.get('watch/fences');
    const kept = functions.get('watch/kept');
    for (const starting of [fences, kept]) {
      failback.grantStartExecution(starting);
      starting.addEnvironment(environment.failbackMachineArn, failback.stateMachineArn);
    }
    protect.grantStartExecution(fences);
    fences.addEnvironment(environment.protectMachineArn, protect.stateMachineArn);
    const readiness = functions.get('watch/readiness');
    const prober = functions.get('watch/prober');
    const guard = functions.get('failover/guard');
    const roles = {
      fences: invoking(this, 'FencesRole', 'watch/fences', fences),
      kept: invoking(this, 'KeptRole', 'watch/kept', kept),
      readiness: invoking(this, 'ReadinessRole', 'watch/readiness', readiness),
    };
    const asking = plans.some(isProbed)
      ? {
          prober: invoking(this, 'ProberRole', 'watch/prober', prober),
          guard: invoking(this, 'GuardRole', 'failover/guard', guard),
        }
      : undefined;
    for (const plan of plans) {
      const target = { role: roles.fences, retryAttempts: 0 };
      this.#look(`Fences${pascal(plan.name)}`, plan, fences, { ...target, what: 'fence', every: Duration.minutes(1) });
      this.#look(`Kept${pascal(plan.name)}`, plan, kept, {
        role: roles.kept,
        retryAttempts: 0,
        what: 'kept',
        every: keptEvery,
      });
      const every = Duration.seconds(readinessEverySeconds);
      this.#look(`Readiness${pascal(plan.name)}`, plan, readiness, {
        role: roles.readiness,
        retryAttempts: 3,
        what: 'readiness',
        every,
      });
      if (asking === undefined || !isProbed(plan)) continue;
      const often = { every: Duration.seconds(signalEverySeconds), retryAttempts: 0 };
      this.#look(`Probes${pascal(plan.name)}`, plan, prober, { ...often, what: 'probes', role: asking.prober });
      this.#look(`Signals${pascal(plan.name)}`, plan, guard, { ...often, what: 'signals', role: asking.guard });
    }
  }

  #look(id: string, { name }: Plan, looking: LambdaFunction, { what, every, role, retryAttempts }: Look): void {
    new Schedule(this, id, {
      schedule: ScheduleExpression.rate(every),
      description: `Homeward: watch the ${what} of plan ${name}`,
      target: new LambdaInvoke(looking, {
        role,
        input: ScheduleTargetInput.fromObject({ plan: name }),
        maxEventAge: every,
        retryAttempts,
      }),
    });
  }
}

/** Mostly it finds the plan free: its runs are under way for a few minutes of each of their periods. */
const keptEvery = Duration.minutes(7);

interface Look {
  readonly what: string;
  readonly every: Duration;
  readonly role: IRole;
  readonly retryAttempts: number;
}

/** Drills by themselves, for the plans that want them. A tick that could not be delivered for an hour is dropped. */
export class Drills extends Construct {
  constructor(scope: Construct, plans: readonly Plan[], failover: StateMachine) {
    super(scope, 'Drills');
    for (const { name, drill } of plans) {
      if (drill?.everySeconds === undefined) continue;
      new Schedule(this, pascal(name), {
        schedule: ScheduleExpression.rate(Duration.seconds(drill.everySeconds)),
        description: `Homeward: drill plan ${name}`,
        target: new StepFunctionsStartExecution(failover, {
          input: ScheduleTargetInput.fromObject({ plan: name, drill: true, trigger: 'schedule' }),
          maxEventAge: Duration.hours(1),
          retryAttempts: 3,
        }),
      });
    }
  }
}

interface Machines {
  readonly protect: StateMachine;
  readonly failover: StateMachine;
  readonly failback: StateMachine;
}

/**
 * Whoever opens or rescues an operation looks whether the execution that holds the plan still runs. A policy of its own: the
 * functions' own policies come before the state machines that invoke them.
 */
export class LeaseHolders extends Construct {
  constructor(scope: Construct, functions: StepFunctions, machines: Machines) {
    super(scope, 'LeaseHolders');
    const steps = ['protect/open', 'failover/open', 'failback/open', 'operation/rescue'] as const;
    const all: StateMachine[] = Object.values(machines);
    const policy = new Policy(this, 'Policy', {
      roles: steps.flatMap((step) => functions.get(step).role ?? []),
      statements: [
        new PolicyStatement({
          actions: ['states:DescribeExecution'],
          resources: all.map((each) => executionsOf(each)),
        }),
      ],
    });
    accept(policy, all.map(readableExecutions), reasonForExecutions);
  }
}

export const reasonForExecutions = 'Executions of the own state machines, whose names are not known before.';

function executionsOf(machine: StateMachine): string {
  const stack = Stack.of(machine);
  const { resourceName = '' } = stack.splitArn(machine.stateMachineArn, ArnFormat.COLON_RESOURCE_NAME);
  return stack.formatArn({
    service: 'states',
    resource: 'execution',
    resourceName: `${resourceName}:*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

/** As cdk-nag prints it. */
export function readableExecutions(machine: StateMachine): string {
  const stack = Stack.of(machine);
  const self = stack.getLogicalId(machine.node.defaultChild as CfnStateMachine);
  return `arn:${readable(stack.partition)}:states:${stack.region}:<AWS::AccountId>:execution:{"Fn::Select":[6,{"Fn::Split":[":",{"Ref":"${self}"}]}]}:*`;
}

/** Executions that are stopped, time out or break are looked after: what they held is undone or closed (I11). */
export class Rescue extends Construct {
  constructor(scope: Construct, functions: StepFunctions, machines: Machines) {
    super(scope, 'Rescue');
    const rescue = functions.get('operation/rescue');
    for (const machine of [machines.failover, machines.failback]) machine.grantStartExecution(rescue);
    rescue.addEnvironment(environment.failoverMachineArn, machines.failover.stateMachineArn);
    rescue.addEnvironment(environment.failbackMachineArn, machines.failback.stateMachineArn);
    new Rule(this, 'ExecutionRule', {
      description: 'Homeward: an execution ended without success',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          status: ['ABORTED', 'TIMED_OUT', 'FAILED'],
          stateMachineArn: Object.values(machines).map(({ stateMachineArn }: StateMachine) => stateMachineArn),
        },
      },
      targets: [new LambdaTarget(rescue, { retryAttempts: 20, maxEventAge: Duration.hours(6) })],
    });
  }
}

import { NotModelled } from '../../service.ts';
import { arnOf, neighboursOf, type ResourceTypes, textOf } from '../resource-type.ts';

/** State machines, and the rules, schedules and alarms that start them. */
export const machineTypes: ResourceTypes = {
  'AWS::StepFunctions::StateMachine': {
    models: [
      'DefinitionString',
      'RoleArn',
      'StateMachineName',
      'StateMachineType',
      'LoggingConfiguration',
      'TracingConfiguration',
      'Tags',
    ],
    create(properties, site) {
      const type = textOf(properties.StateMachineType, 'STANDARD');
      if (type !== 'STANDARD') throw new NotModelled(`StateMachineType ${type}`);
      const name = textOf(properties.StateMachineName, site.physicalName(80));
      const arn = arnOf(site, 'states', `stateMachine:${name}`);
      site.cloud.services(site.region).stepfunctions.createStateMachine({
        arn,
        name,
        role: textOf(properties.RoleArn),
        definition: JSON.parse(textOf(properties.DefinitionString)),
      });
      return { ref: arn, attributes: { Arn: arn, Name: name } };
    },
  },
  'AWS::Events::Rule': {
    models: ['Name', 'Description', 'EventPattern', 'State', 'Targets', 'Tags'],
    async create(properties, site) {
      const name = textOf(properties.Name, site.physicalName(64));
      await neighboursOf(site).eventbridge.putRuleFromTemplate({
        name,
        eventPattern: properties.EventPattern,
        targets: properties.Targets ?? [],
        state: textOf(properties.State, 'ENABLED'),
      });
      return { ref: name, attributes: { Arn: arnOf(site, 'events', `rule/${name}`) } };
    },
  },
  'AWS::Scheduler::ScheduleGroup': {
    models: ['Name', 'Tags'],
    create(properties, site) {
      const name = textOf(properties.Name, site.physicalName(64));
      return { ref: name, attributes: { Arn: arnOf(site, 'scheduler', `schedule-group/${name}`) } };
    },
  },
  'AWS::Scheduler::Schedule': {
    models: [
      'Name',
      'GroupName',
      'Description',
      'ScheduleExpression',
      'ScheduleExpressionTimezone',
      'State',
      'FlexibleTimeWindow',
      'Target',
    ],
    async create(properties, site) {
      const name = textOf(properties.Name, site.physicalName(64));
      const target = properties.Target as Record<string, unknown>;
      const known = ['Arn', 'RoleArn', 'Input', 'RetryPolicy', 'DeadLetterConfig'];
      const other = Object.keys(target).find((member) => !known.includes(member));
      if (other !== undefined) throw new NotModelled(`Target.${other} of ${site.logicalId}`);
      const { ScheduleExpressionTimezone: timezone, State: state } = properties;
      await neighboursOf(site).scheduler.createFromTemplate({
        name,
        scheduleExpression: properties.ScheduleExpression,
        ...(timezone === undefined ? {} : { timezone }),
        ...(state === undefined ? {} : { state }),
        flexibleTimeWindow: properties.FlexibleTimeWindow,
        target: {
          arn: target.Arn,
          roleArn: target.RoleArn,
          input: target.Input,
          ...(target.RetryPolicy === undefined ? {} : { retryPolicy: target.RetryPolicy }),
        },
      });
      const group = textOf(properties.GroupName, 'default');
      return { ref: name, attributes: { Arn: arnOf(site, 'scheduler', `schedule/${group}/${name}`) } };
    },
  },
  'AWS::Route53::HealthCheck': {
    models: ['HealthCheckConfig', 'HealthCheckTags'],
    create(properties, site) {
      const id = neighboursOf(site).route53.healthChecks.createFromTemplate(properties);
      return { ref: id, attributes: { HealthCheckId: id } };
    },
  },
  'AWS::CloudWatch::Alarm': {
    models: [
      'AlarmName',
      'AlarmDescription',
      'AlarmActions',
      'OKActions',
      'InsufficientDataActions',
      'ActionsEnabled',
      'Namespace',
      'MetricName',
      'Dimensions',
      'Statistic',
      'Period',
      'EvaluationPeriods',
      'DatapointsToAlarm',
      'Threshold',
      'ComparisonOperator',
      'TreatMissingData',
      'Tags',
    ],
    async create(properties, site) {
      const name = textOf(properties.AlarmName, site.physicalName(255));
      await neighboursOf(site).cloudwatch.putAlarmFromTemplate({ ...properties, AlarmName: name });
      return { ref: name, attributes: { Arn: arnOf(site, 'cloudwatch', `alarm:${name}`) } };
    },
  },
  'AWS::CloudWatch::CompositeAlarm': {
    models: ['AlarmName', 'AlarmDescription', 'AlarmRule', 'Tags'],
    create(properties, site) {
      const name = textOf(properties.AlarmName, site.physicalName(255));
      neighboursOf(site).cloudwatch.putCompositeFromTemplate({ ...properties, AlarmName: name });
      return { ref: name, attributes: { Arn: arnOf(site, 'cloudwatch', `alarm:${name}`) } };
    },
  },
};

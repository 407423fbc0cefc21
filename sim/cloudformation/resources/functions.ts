import { NotModelled } from '../../service.ts';
import { arnOf, type ResourceTypes, textOf } from '../resource-type.ts';

interface Code {
  readonly S3Key?: string;
}

/** Lambda functions and what belongs to them. */
export const functionTypes: ResourceTypes = {
  'AWS::Lambda::Function': {
    models: [
      'Code',
      'Role',
      'Handler',
      'Runtime',
      'Architectures',
      'Environment',
      'Timeout',
      'MemorySize',
      'Description',
      'FunctionName',
      'LoggingConfig',
      'TracingConfig',
      'ReservedConcurrentExecutions',
      'VpcConfig',
      'Tags',
    ],
    create(properties, site) {
      const { S3Key } = properties.Code as Code;
      if (S3Key === undefined) throw new NotModelled(`the code of ${site.logicalId}, which is not an asset`);
      if (!/^nodejs/.test(textOf(properties.Runtime))) throw new NotModelled(`Runtime ${textOf(properties.Runtime)}`);
      const name = textOf(properties.FunctionName, site.physicalName(64));
      const arn = arnOf(site, 'lambda', `function:${name}`);
      const { Variables = {} } = (properties.Environment ?? {}) as { Variables?: Record<string, string> };
      site.cloud.services(site.region).lambda.createFunction({
        name,
        arn,
        role: textOf(properties.Role),
        environment: Object.fromEntries(Object.entries(Variables).map(([key, value]) => [key, String(value)])),
        handler: textOf(properties.Handler),
        assetDir: site.assetDir(S3Key),
        timeoutSeconds: Number(properties.Timeout ?? 3),
        memoryMb: Number(properties.MemorySize ?? 128),
        isInVpc: properties.VpcConfig !== undefined,
      });
      return { ref: name, attributes: { Arn: arn } };
    },
  },
  'AWS::Lambda::Permission': {
    models: ['Action', 'FunctionName', 'Principal', 'SourceArn', 'SourceAccount'],
    create: (_properties, site) => ({ ref: site.physicalName(100) }),
  },
  'AWS::Lambda::EventInvokeConfig': {
    models: ['FunctionName', 'Qualifier', 'MaximumRetryAttempts', 'MaximumEventAgeInSeconds'],
    create(properties, site) {
      site.cloud.services(site.region).lambda.configureAsync(textOf(properties.FunctionName), {
        retriesMax: Number(properties.MaximumRetryAttempts ?? 2),
        ageSecondsMax: Number(properties.MaximumEventAgeInSeconds ?? 21_600),
      });
      return { ref: site.physicalName(100) };
    },
  },
};

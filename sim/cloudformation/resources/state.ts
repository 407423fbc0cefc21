import { createHash } from 'node:crypto';
import { NotModelled } from '../../service.ts';
import { arnOf, neighboursOf, type ResourceTypes, type Site, textOf } from '../resource-type.ts';

const hex = (site: Site) =>
  createHash('sha256').update(`${site.region} ${site.stackName} ${site.logicalId}`).digest('hex');

/** Tables, buckets, topics, queues, keys, log groups and roles. Roles, policies, queues, keys and log groups are only recorded. */
export const stateTypes: ResourceTypes = {
  'AWS::DynamoDB::Table': {
    models: [
      'TableName',
      'AttributeDefinitions',
      'KeySchema',
      'BillingMode',
      'PointInTimeRecoverySpecification',
      'TimeToLiveSpecification',
      'SSESpecification',
      'DeletionProtectionEnabled',
      'Tags',
    ],
    async create(properties, site) {
      const name = textOf(properties.TableName, site.physicalName(255));
      await neighboursOf(site).dynamodb.createTable({ ...properties, TableName: name });
      return { ref: name, attributes: { Arn: arnOf(site, 'dynamodb', `table/${name}`) } };
    },
  },
  'AWS::S3::Bucket': {
    models: [
      'BucketEncryption',
      'LifecycleConfiguration',
      'PublicAccessBlockConfiguration',
      'VersioningConfiguration',
      'Tags',
    ],
    create(properties, site) {
      if ((properties.VersioningConfiguration as { Status?: string } | undefined)?.Status !== 'Enabled')
        throw new NotModelled('AWS::S3::Bucket without versioning');
      const name = site.physicalName(63).toLowerCase();
      neighboursOf(site).s3.createBucket({ name });
      const DomainName = `${name}.s3.amazonaws.com`;
      return { ref: name, attributes: { Arn: `arn:aws:s3:::${name}`, DomainName } };
    },
  },
  'AWS::S3::BucketPolicy': {
    models: ['Bucket', 'PolicyDocument'],
    create: (_properties, site) => ({ ref: site.physicalName(100) }),
  },
  'AWS::SNS::Topic': {
    models: ['TopicName', 'DisplayName', 'KmsMasterKeyId', 'Tags'],
    async create(properties, site) {
      const name = textOf(properties.TopicName, site.physicalName(256));
      const arn = await neighboursOf(site).sns.createTopic({ name });
      return { ref: arn, attributes: { TopicName: name, TopicArn: arn } };
    },
  },
  'AWS::SNS::Subscription': {
    models: ['TopicArn', 'Protocol', 'Endpoint'],
    async create(properties, site) {
      const topicArn = textOf(properties.TopicArn);
      const endpoint = textOf(properties.Endpoint);
      await neighboursOf(site).sns.subscribe({ topicArn, protocol: textOf(properties.Protocol), endpoint });
      return { ref: `${topicArn}:${hex(site).slice(0, 32)}` };
    },
  },
  'AWS::SNS::TopicPolicy': {
    models: ['PolicyDocument', 'Topics'],
    create: (_properties, site) => ({ ref: site.physicalName(100) }),
  },
  'AWS::SQS::Queue': {
    models: [
      'QueueName',
      'MessageRetentionPeriod',
      'KmsMasterKeyId',
      'SqsManagedSseEnabled',
      'VisibilityTimeout',
      'Tags',
    ],
    create(properties, site) {
      const name = textOf(properties.QueueName, site.physicalName(80));
      const url = `https://sqs.${site.region}.amazonaws.com/${site.account}/${name}`;
      return { ref: url, attributes: { Arn: arnOf(site, 'sqs', name), QueueName: name, QueueUrl: url } };
    },
  },
  'AWS::SQS::QueuePolicy': {
    models: ['PolicyDocument', 'Queues'],
    create: (_properties, site) => ({ ref: site.physicalName(100) }),
  },
  'AWS::Logs::LogGroup': {
    models: ['LogGroupName', 'RetentionInDays', 'KmsKeyId', 'LogGroupClass', 'Tags'],
    create(properties, site) {
      const name = textOf(properties.LogGroupName, site.physicalName(512));
      return { ref: name, attributes: { Arn: arnOf(site, 'logs', `log-group:${name}:*`) } };
    },
  },
  'AWS::KMS::Key': {
    models: ['Description', 'EnableKeyRotation', 'KeyPolicy', 'PendingWindowInDays', 'Tags'],
    create(_properties, site) {
      const digits = hex(site);
      const id = `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
      return { ref: id, attributes: { Arn: arnOf(site, 'kms', `key/${id}`), KeyId: id } };
    },
  },
  'AWS::KMS::Alias': {
    models: ['AliasName', 'TargetKeyId'],
    create: (properties) => ({ ref: textOf(properties.AliasName) }),
  },
  'AWS::IAM::Role': {
    models: [
      'AssumeRolePolicyDocument',
      'ManagedPolicyArns',
      'Policies',
      'RoleName',
      'Description',
      'Path',
      'MaxSessionDuration',
      'Tags',
    ],
    create(properties, site) {
      const name = textOf(properties.RoleName, site.physicalName(64));
      const path = textOf(properties.Path, '/');
      const RoleId = `AROA${hex(site).slice(0, 17).toUpperCase()}`;
      return { ref: name, attributes: { Arn: `arn:aws:iam::${site.account}:role${path}${name}`, RoleId } };
    },
  },
  'AWS::IAM::Policy': {
    models: ['PolicyDocument', 'PolicyName', 'Roles'],
    create: (_properties, site) => ({ ref: site.physicalName(128) }),
  },
  'AWS::IAM::ManagedPolicy': {
    models: ['PolicyDocument', 'ManagedPolicyName', 'Description', 'Path', 'Roles'],
    create(properties, site) {
      const name = textOf(properties.ManagedPolicyName, site.physicalName(128));
      return { ref: `arn:aws:iam::${site.account}:policy${textOf(properties.Path, '/')}${name}` };
    },
  },
  'AWS::SSM::Parameter': {
    models: ['Name', 'Type', 'Value', 'Description'],
    create(properties, site) {
      return { ref: textOf(properties.Name, site.physicalName(200)), attributes: { Value: textOf(properties.Value) } };
    },
  },
};

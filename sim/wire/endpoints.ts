import * as cloudformation from '@aws-sdk/client-cloudformation';
import * as cloudwatch from '@aws-sdk/client-cloudwatch';
import * as ebs from '@aws-sdk/client-ebs';
import * as ec2 from '@aws-sdk/client-ec2';
import * as iam from '@aws-sdk/client-iam';
import * as kms from '@aws-sdk/client-kms';
import * as lambda from '@aws-sdk/client-lambda';
import * as route53 from '@aws-sdk/client-route-53';
import * as recoverycluster from '@aws-sdk/client-route53-recovery-cluster';
import * as s3 from '@aws-sdk/client-s3';
import * as servicequotas from '@aws-sdk/client-service-quotas';
import * as sfn from '@aws-sdk/client-sfn';
import * as sns from '@aws-sdk/client-sns';
import * as ssm from '@aws-sdk/client-ssm';
import { awsJson } from './aws-json.ts';
import { awsQuery } from './aws-query.ts';
import type { Codec } from './codec.ts';
import { ec2Query } from './ec2-query.ts';
import { rawJson } from './raw-json.ts';
import { restJson } from './rest-json.ts';
import { restXml } from './rest-xml.ts';
import { rpcCbor } from './rpc-cbor.ts';
import { s3RestXml } from './s3.ts';
import type { WireRequest } from './wire.ts';

/** The services that are spoken with, by endpoint, each in the protocol of its SDK client. */
const codecs: Readonly<Record<string, Codec>> = {
  cloudformation: awsQuery(cloudformation, 'http://cloudformation.amazonaws.com/doc/2010-05-15/'),
  dynamodb: rawJson,
  ebs: restJson(ebs),
  ec2: ec2Query(ec2),
  iam: awsQuery(iam, 'https://iam.amazonaws.com/doc/2010-05-08/'),
  kms: awsJson(kms),
  lambda: restJson(lambda),
  monitoring: awsJson(cloudwatch),
  route53: restXml(route53, 'https://route53.amazonaws.com/doc/2013-04-01/'),
  'route53-recovery-cluster': awsJson(recoverycluster),
  s3: s3RestXml(s3, 'http://s3.amazonaws.com/doc/2006-03-01/'),
  servicequotas: awsJson(servicequotas),
  sns: awsQuery(sns, 'http://sns.amazonaws.com/doc/2010-03-31/'),
  ssm: awsJson(ssm),
  states: awsJson(sfn),
};

/** Services that some callers, such as the AWS CLI, speak CBOR with. */
const cborCodecs: Readonly<Record<string, Codec>> = { monitoring: rpcCbor(cloudwatch) };

/** The codec that a request to an endpoint is written in. */
export function codecOf(endpoint: string, { headers }: WireRequest): Codec | undefined {
  const isCbor = headers['smithy-protocol'] === 'rpc-v2-cbor';
  return (isCbor ? cborCodecs : codecs)[endpoint];
}

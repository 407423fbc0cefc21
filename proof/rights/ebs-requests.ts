import type {
  CompleteSnapshotRequest,
  GetSnapshotBlockRequest,
  ListChangedBlocksRequest,
  ListSnapshotBlocksRequest,
  PutSnapshotBlockRequest,
  StartSnapshotRequest,
} from '@aws-sdk/client-ebs';
import type { Held } from './held.ts';
import { ec2Of, keyRequests } from './kms-requests.ts';
import { type IamRequest, requestTags } from './request.ts';

/** Whether the direct APIs reach KMS through EC2 or as themselves is not written down: both must be allowed. @source aws-facts [8.3] */
function onSnapshots(action: string, ids: readonly (string | undefined)[], held: Held): IamRequest[] {
  return [
    ...ids.map((id) => held.use(`ebs:${action}`, 'snapshot', id)),
    ...held.keysOf(ids).flatMap((key) => keyRequests(key, 'direct', [undefined, ec2Of(held.region)])),
  ];
}

/** The new snapshot is asked about, and tagging it is a right of EC2, without `ec2:CreateAction`. @source aws-facts [8.2] */
function startSnapshot({ ParentSnapshotId, Tags = [], KmsKeyArn }: StartSnapshotRequest, held: Held): IamRequest[] {
  const parent = ParentSnapshotId === undefined ? {} : { 'ebs:ParentSnapshot': held.arn('snapshot', ParentSnapshotId) };
  const context = { ...requestTags(Tags), ...parent };
  const keys =
    ParentSnapshotId === undefined ? [KmsKeyArn ?? held.state.keys.defaultArn] : held.keysOf([ParentSnapshotId]);
  const resource = held.arn('snapshot', 'new');
  return [
    { action: 'ebs:StartSnapshot', resource, context },
    { action: 'ec2:CreateTags', resource, context: requestTags(Tags) },
    ...keys.flatMap((key) => keyRequests(key, 'direct', [undefined, ec2Of(held.region)])),
  ];
}

/** By operation of the EBS direct APIs. */
export const ebsMappings: Readonly<Record<string, (input: never, held: Held) => IamRequest[]>> = {
  CompleteSnapshot: ({ SnapshotId }: CompleteSnapshotRequest, held) =>
    onSnapshots('CompleteSnapshot', [SnapshotId], held),
  GetSnapshotBlock: ({ SnapshotId }: GetSnapshotBlockRequest, held) =>
    onSnapshots('GetSnapshotBlock', [SnapshotId], held),
  ListChangedBlocks: ({ FirstSnapshotId, SecondSnapshotId }: ListChangedBlocksRequest, held) =>
    onSnapshots('ListChangedBlocks', [FirstSnapshotId, SecondSnapshotId], held),
  ListSnapshotBlocks: ({ SnapshotId }: ListSnapshotBlocksRequest, held) =>
    onSnapshots('ListSnapshotBlocks', [SnapshotId], held),
  PutSnapshotBlock: ({ SnapshotId }: PutSnapshotBlockRequest, held) =>
    onSnapshots('PutSnapshotBlock', [SnapshotId], held),
  StartSnapshot: startSnapshot,
};

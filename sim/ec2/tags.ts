import type {
  CreateTagsRequest,
  DeleteTagsRequest,
  DescribeTagsRequest,
  DescribeTagsResult,
  ResourceType,
  Tag,
  TagSpecification,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../service.ts';
import { ec2Operation } from './ec2-operation.ts';
import { invalid } from './errors.ts';
import { applyFilters } from './filters.ts';
import type { Ec2State } from './state.ts';

/** Most tags on one resource. */
const tagsMax = 50;

const typeOfPrefix: Readonly<Record<string, ResourceType>> = {
  i: 'instance',
  vol: 'volume',
  snap: 'snapshot',
  ami: 'image',
  subnet: 'subnet',
  sg: 'security-group',
  eipalloc: 'elastic-ip',
  eni: 'network-interface',
};

/**
 * Tags a request gives to what it creates.
 * @param allowed resource types the operation can tag
 */
export function tagsFor(
  specifications: readonly TagSpecification[] | undefined,
  type: ResourceType,
  allowed: readonly ResourceType[] = [type],
): Tag[] {
  for (const { ResourceType } of specifications ?? []) {
    if (ResourceType === undefined || !allowed.includes(ResourceType))
      throw invalid(`'${ResourceType}' is not a valid taggable resource type for this operation.`);
  }
  const wanted = (specifications ?? []).filter(({ ResourceType }) => ResourceType === type);
  return merge(
    [],
    wanted.flatMap(({ Tags }) => Tags ?? []),
  );
}

/** @throws AwsError for `aws:` keys and too many tags */
export function merge(tags: readonly Tag[], added: readonly Tag[]): Tag[] {
  const merged = new Map(tags.map(({ Key, Value }) => [Key ?? '', Value ?? '']));
  for (const { Key = '', Value = '' } of added) {
    if (Key.startsWith('aws:')) throw invalid(`Tag keys starting with 'aws:' are reserved for internal use`);
    if (Key.length > 127 || Value.length > 255) throw invalid(`Tag '${Key}' exceeds the maximum length`);
    merged.set(Key, Value);
  }
  if (merged.size > tagsMax) throw new AwsError('TagLimitExceeded', 'The maximum number of tags has been reached.');
  return [...merged].map(([Key, Value]) => ({ Key, Value }));
}

function targets(state: Ec2State, ids: readonly string[] | undefined): { tags: Tag[] }[] {
  return (ids ?? []).map((id) => {
    const resource = state.tagged(id);
    if (resource === undefined) throw unknown(id);
    return resource;
  });
}

function unknown(id: string): AwsError {
  const codes: Readonly<Record<string, string>> = {
    i: 'InvalidInstanceID.NotFound',
    vol: 'InvalidVolume.NotFound',
    snap: 'InvalidSnapshot.NotFound',
    ami: 'InvalidAMIID.NotFound',
    eni: 'InvalidNetworkInterfaceID.NotFound',
  };
  return new AwsError(codes[id.split('-')[0] ?? ''] ?? 'InvalidID', `The ID '${id}' is not valid or does not exist`);
}

export const tagOperations = {
  CreateTags: ec2Operation<CreateTagsRequest, object>(['Resources', 'Tags'], (state, { Resources, Tags }) => {
    for (const resource of targets(state, Resources)) resource.tags = merge(resource.tags, Tags ?? []);
    return {};
  }),
  DeleteTags: ec2Operation<DeleteTagsRequest, object>(['Resources', 'Tags'], (state, { Resources, Tags }) => {
    const isDeleted = ({ Key, Value }: Tag) =>
      Tags === undefined || Tags.some((tag) => tag.Key === Key && (tag.Value === undefined || tag.Value === Value));
    for (const resource of targets(state, Resources)) resource.tags = resource.tags.filter((tag) => !isDeleted(tag));
    return {};
  }),
  DescribeTags: ec2Operation<DescribeTagsRequest, DescribeTagsResult>(
    ['Filters', 'MaxResults', 'NextToken'],
    (state, input) => {
      const all = [state.volumes, state.snapshots, state.instances, state.images, state.subnets, state.securityGroups]
        .flatMap((table: ReadonlyMap<string, { id: string; tags: Tag[] }>) => [...table.values()])
        .concat([...state.addresses.values(), ...state.allInterfaces()])
        .flatMap(({ id, tags }) => tags.map((tag) => ({ id, tag, tags: [tag] })));
      const kept = applyFilters('DescribeTags', all, input.Filters, {
        key: ({ tag }) => tag.Key,
        value: ({ tag }) => tag.Value,
        'resource-id': ({ id }) => id,
        'resource-type': ({ id }) => typeOfPrefix[id.split('-')[0] ?? ''],
      });
      const { page, ...next } = state.pages.cut(kept, input);
      const described = page.map(({ id, tag: { Key, Value } }) => ({
        ResourceId: id,
        ResourceType: typeOfPrefix[id.split('-')[0] ?? ''],
        Key,
        Value,
      }));
      return { Tags: described, ...next };
    },
  ),
};

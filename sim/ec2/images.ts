import type {
  BlockDeviceMapping,
  DeregisterImageRequest,
  DeregisterImageResult,
  DescribeImagesRequest,
  DescribeImagesResult,
  Image,
  RegisterImageRequest,
  RegisterImageResult,
} from '@aws-sdk/client-ec2';
import { AwsError, NotModelled } from '../service.ts';
import { ec2Operation } from './ec2-operation.ts';
import { found, invalid, missing, refuseOthers, select } from './errors.ts';
import { isLocked } from './locks.ts';
import { applyFilters } from './filters.ts';
import { mappingMembers, usableSnapshot } from './make-volume.ts';
import type { ImageRecord } from './records.ts';
import type { Ec2State } from './state.ts';
import { tagsFor } from './tags.ts';

const nameShape = /^[A-Za-z0-9()[\] ./\-'@_]{3,128}$/;
/** @source EC2 API reference, RegisterImage */
const uefiDataCharactersMax = 64_000;
/** Names of images that were deregistered, until when they stay taken. */
const keptNames = new WeakMap<Ec2State, Map<string, number>>();

function registerImage(state: Ec2State, input: RegisterImageRequest): RegisterImageResult {
  const { Name = '', RootDeviceName, BlockDeviceMappings = [] } = input;
  if (!nameShape.test(Name)) throw new AwsError('InvalidAMIName.Malformed', `AMI name '${Name}' is not allowed`);
  if (RootDeviceName === undefined) throw missing('rootDeviceName');
  if (isTaken(state, Name))
    throw new AwsError('InvalidAMIName.Duplicate', `AMI name ${Name} is already in use by another AMI.`);
  checkMappings(state, RootDeviceName, BlockDeviceMappings);
  checkFirmware(input);
  const image: ImageRecord = {
    id: state.newId('ami'),
    name: Name,
    description: input.Description ?? '',
    architecture: input.Architecture ?? 'i386',
    virtualization: input.VirtualizationType ?? 'paravirtual',
    bootMode: input.BootMode,
    tpmSupport: input.TpmSupport,
    imdsSupport: input.ImdsSupport,
    sriovNetSupport: input.SriovNetSupport,
    uefiData: input.UefiData,
    enaSupport: input.EnaSupport ?? false,
    rootDevice: RootDeviceName,
    mappings: BlockDeviceMappings,
    createdAt: state.now(),
    state: 'pending',
    tags: tagsFor(input.TagSpecifications, 'image'),
  };
  state.images.set(image.id, image);
  state.after(state.timings.imagePendingMs, () => {
    image.state = 'available';
  });
  return { ImageId: image.id };
}

/** Variables and a TPM are UEFI's: where the image may boot otherwise, they are refused. @source [3.2], for variables assumed */
function checkFirmware({ BootMode, TpmSupport, UefiData, SriovNetSupport, ImdsSupport }: RegisterImageRequest): void {
  if (SriovNetSupport !== undefined && SriovNetSupport !== 'simple')
    throw invalid(`sriovNetSupport ${SriovNetSupport}`);
  if (ImdsSupport !== undefined && ImdsSupport !== 'v2.0') throw invalid(`imdsSupport ${String(ImdsSupport)}`);
  if (TpmSupport !== undefined && BootMode !== 'uefi')
    throw new AwsError('InvalidParameterCombination', 'TpmSupport needs the boot mode uefi.');
  if (UefiData === undefined) return;
  if (BootMode !== 'uefi' && BootMode !== 'uefi-preferred')
    throw new AwsError('InvalidParameterCombination', 'UefiData needs the boot mode uefi or uefi-preferred.');
  if (UefiData.length > uefiDataCharactersMax || !/^[A-Za-z0-9+/]+={0,2}$/.test(UefiData))
    throw invalid(`uefiData must be base64 of at most ${uefiDataCharactersMax} characters.`);
}

function isTaken(state: Ec2State, name: string): boolean {
  const keptUntil = keptNames.get(state)?.get(name) ?? 0;
  return keptUntil > state.now() || [...state.images.values()].some((image) => image.name === name);
}

/** @source aws-facts [3.2] */
function checkMappings(state: Ec2State, rootDevice: string, mappings: readonly BlockDeviceMapping[]): void {
  for (const { DeviceName, Ebs } of mappings) {
    if (Ebs?.SnapshotId === undefined) throw new NotModelled(`a mapping of ${DeviceName} without a snapshot`);
    refuseOthers('BlockDeviceMappings.Ebs', Ebs, mappingMembers);
    if (Ebs.Encrypted !== undefined)
      throw new AwsError(
        'InvalidParameterCombination',
        'The encryption state of a mapping with a snapshot cannot be set.',
      );
    const snapshot = usableSnapshot(state, Ebs.SnapshotId);
    if (Ebs.VolumeSize !== undefined && Ebs.VolumeSize < snapshot.content.sizeGib)
      throw new AwsError('InvalidBlockDeviceMapping', `${DeviceName} is smaller than snapshot ${snapshot.id}`);
  }
  if (!mappings.some(({ DeviceName }) => DeviceName === rootDevice))
    throw new AwsError('InvalidBlockDeviceMapping', `No mapping for the root device ${rootDevice}.`);
  if (new Set(mappings.map(({ DeviceName }) => DeviceName)).size !== mappings.length)
    throw new AwsError('InvalidBlockDeviceMapping', 'A device name is mapped twice.');
}

function deregisterImage(state: Ec2State, input: DeregisterImageRequest): DeregisterImageResult {
  const image = found(state.images, input.ImageId, 'InvalidAMIID.NotFound', 'image id');
  state.images.delete(image.id);
  const kept = keptNames.get(state) ?? new Map<string, number>();
  keptNames.set(state, kept.set(image.name, state.now() + state.timings.imageNameKeptMs));
  if (input.DeleteAssociatedSnapshots !== true) return { Return: true };
  const ids = image.mappings.flatMap(({ Ebs }) => Ebs?.SnapshotId ?? []);
  const inUse = new Set(
    [...state.images.values()].flatMap(({ mappings }) => mappings.map(({ Ebs }) => Ebs?.SnapshotId)),
  );
  const results = ids.map((SnapshotId) => {
    if (inUse.has(SnapshotId)) return { SnapshotId, ReturnCode: 'skipped' as const };
    const snapshot = state.snapshots.get(SnapshotId);
    if (snapshot !== undefined && isLocked(snapshot, state.now()))
      return { SnapshotId, ReturnCode: 'client-error' as const };
    state.snapshots.delete(SnapshotId);
    return { SnapshotId, ReturnCode: 'success' as const };
  });
  return { Return: true, DeleteSnapshotResults: results };
}

function describeImage(state: Ec2State, image: ImageRecord): Image {
  return {
    ImageId: image.id,
    Name: image.name,
    Description: image.description,
    State: image.state,
    Architecture: image.architecture as NonNullable<Image['Architecture']>,
    VirtualizationType: image.virtualization as NonNullable<Image['VirtualizationType']>,
    BootMode: image.bootMode as Image['BootMode'],
    TpmSupport: image.tpmSupport as Image['TpmSupport'],
    ImdsSupport: image.imdsSupport as Image['ImdsSupport'],
    SriovNetSupport: image.sriovNetSupport,
    EnaSupport: image.enaSupport,
    RootDeviceName: image.rootDevice,
    RootDeviceType: 'ebs',
    BlockDeviceMappings: image.mappings.map((mapping) => {
      const snapshot = state.snapshots.get(mapping.Ebs?.SnapshotId ?? '');
      return {
        ...mapping,
        Ebs: {
          DeleteOnTermination: true,
          VolumeSize: snapshot?.content.sizeGib,
          VolumeType: 'gp2' as const,
          ...mapping.Ebs,
          Encrypted: snapshot?.encryption !== undefined,
        },
      };
    }),
    CreationDate: new Date(image.createdAt).toISOString(),
    OwnerId: state.account,
    Public: false,
    ImageType: 'machine',
    Hypervisor: 'xen',
    PlatformDetails: 'Linux/UNIX',
    UsageOperation: 'RunInstances',
    Tags: image.tags,
  };
}

function describeImages(state: Ec2State, input: DescribeImagesRequest): DescribeImagesResult {
  for (const owner of input.Owners ?? [])
    if (owner !== 'self' && owner !== state.account) throw invalid(`Images of owner ${owner} are not known here.`);
  const asked = select(state.visible(state.images), input.ImageIds, 'InvalidAMIID.NotFound', 'image id');
  const kept = applyFilters('DescribeImages', asked, input.Filters, {
    'image-id': ({ id }) => id,
    name: ({ name }) => name,
    state: (image) => image.state,
    architecture: ({ architecture }) => architecture,
    'virtualization-type': ({ virtualization }) => virtualization,
    'owner-id': () => state.account,
    'root-device-name': ({ rootDevice }) => rootDevice,
    'block-device-mapping.snapshot-id': ({ mappings }) => mappings.map(({ Ebs }) => Ebs?.SnapshotId),
  });
  const { page, ...next } = state.pages.cut(kept, input, [1, 1_000]);
  return { Images: page.map((image) => describeImage(state, image)), ...next };
}

export const imageOperations = {
  RegisterImage: ec2Operation<RegisterImageRequest, RegisterImageResult>(
    [
      'Name',
      'Description',
      'Architecture',
      'VirtualizationType',
      'RootDeviceName',
      'BlockDeviceMappings',
      'BootMode',
      'TpmSupport',
      'ImdsSupport',
      'SriovNetSupport',
      'UefiData',
      'EnaSupport',
      'TagSpecifications',
    ],
    registerImage,
  ),
  DeregisterImage: ec2Operation<DeregisterImageRequest, DeregisterImageResult>(
    ['ImageId', 'DeleteAssociatedSnapshots'],
    deregisterImage,
  ),
  DescribeImages: ec2Operation<DescribeImagesRequest, DescribeImagesResult>(
    ['ImageIds', 'Owners', 'Filters', 'MaxResults', 'NextToken'],
    describeImages,
  ),
};

import { createHash } from 'node:crypto';
import {
  type ChangedBlock,
  CompleteSnapshotCommand,
  EBSClient,
  GetSnapshotBlockCommand,
  paginateListChangedBlocks,
  PutSnapshotBlockCommand,
  StartSnapshotCommand,
} from '@aws-sdk/client-ebs';

const inFlight = 64;

/** The plain way: SDK clients with connections that are kept, 64 blocks in flight, each hashed once by us. */
export async function carryBySdk(sizeGib: number): Promise<number> {
  const clientOf = (region: string) =>
    new EBSClient({ region, requestHandler: { httpsAgent: { maxSockets: inFlight } } });
  const [from, to] = [clientOf('us-west-2'), clientOf('us-east-1')];
  const pair = { FirstSnapshotId: 'snap-00000000000000001', SecondSnapshotId: 'snap-00000000000000002' };
  const changed: ChangedBlock[] = [];
  for await (const page of paginateListChangedBlocks({ client: from }, { ...pair, MaxResults: 10_000 }))
    changed.push(...(page.ChangedBlocks ?? []));
  const { SnapshotId } = await to.send(
    new StartSnapshotCommand({ VolumeSize: sizeGib, ParentSnapshotId: pair.FirstSnapshotId, Timeout: 60 }),
  );
  const queue = changed.values();
  const digests = new Map<number, Buffer>();
  const work = async () => {
    for (const { BlockIndex = 0, SecondBlockToken } of queue) {
      const got = await from.send(
        new GetSnapshotBlockCommand({ SnapshotId: pair.SecondSnapshotId, BlockIndex, BlockToken: SecondBlockToken }),
      );
      const bytes = await got.BlockData?.transformToByteArray();
      if (bytes === undefined) throw new Error('no bytes');
      const digest = createHash('sha256').update(bytes).digest();
      const Checksum = digest.toString('base64');
      if (Checksum !== got.Checksum) throw new Error('damaged');
      const put = { SnapshotId, BlockIndex, BlockData: bytes, DataLength: bytes.length, Checksum };
      await to.send(new PutSnapshotBlockCommand({ ...put, ChecksumAlgorithm: 'SHA256' }));
      digests.set(BlockIndex, digest);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  await to.send(new CompleteSnapshotCommand({ SnapshotId, ChangedBlocksCount: changed.length }));
  return digests.size;
}

import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RealClock, VirtualClock } from '../../sim/clock.ts';
import { SimulatedCloud } from '../../sim/create-cloud.ts';
import { listen } from '../../sim/wire/loopback.ts';

const region = 'eu-central-1';
const object = { Bucket: 'evidence', Key: 'shop/2026/a b+c.json' };

let clock: VirtualClock;
let cloud: SimulatedCloud;
let client: S3Client;
beforeEach(() => {
  clock = new VirtualClock(new Date('2026-01-05T09:00:00Z'));
  cloud = new SimulatedCloud({ regions: [region, 'eu-west-1'], clock, seed: 1 });
  cloud.services(region).s3.createBucket({ name: 'evidence' });
  client = new S3Client(cloud.clientConfig(region));
});
afterEach(() => clock.uninstall());

const put = (more: object = {}) =>
  clock.settle(
    client.send(new PutObjectCommand({ ...object, Body: '{"ö":1}', ContentType: 'application/json', ...more })),
  );
const get = (more: object = {}) => clock.settle(client.send(new GetObjectCommand({ ...object, ...more })));

describe('S3', () => {
  it('gives back what was put, encrypted by its default, and keeps what was there before', async () => {
    const first = await put();
    await clock.advance(1_000);
    const second = await put({ Body: 'two' });
    expect(first).toMatchObject({ ServerSideEncryption: 'AES256', VersionId: expect.any(String) });
    expect(second.VersionId).not.toBe(first.VersionId);
    const read = await get();
    expect(await read.Body?.transformToString()).toBe('two');
    expect(read).toMatchObject({ ContentType: 'application/json', ContentLength: 3, VersionId: second.VersionId });
    const versions = cloud.services(region).s3.all();
    expect(versions.map(({ key, at, body }) => [key, at - clock.now(), body.toString()])).toEqual([
      [object.Key, -1_000, '{"ö":1}'],
      [object.Key, 0, 'two'],
    ]);
    expect(cloud.record.calls.map(({ service, operation, input }) => [service, operation, input['Bucket']])).toEqual([
      ['s3', 'PutObject', 'evidence'],
      ['s3', 'PutObject', 'evidence'],
      ['s3', 'GetObject', 'evidence'],
    ]);
  });

  it('knows no bucket of another Region, and no object that nobody put', async () => {
    await expect(get()).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(put({ Bucket: 'nobodys' })).rejects.toMatchObject({ name: 'NoSuchBucket' });
    const elsewhere = new S3Client(cloud.clientConfig('eu-west-1'));
    await expect(clock.settle(elsewhere.send(new GetObjectCommand(object)))).rejects.toMatchObject({
      name: 'NoSuchBucket',
    });
  });

  it('keeps nothing whose checksum is another', async () => {
    await expect(put({ ChecksumCRC32: 'AAAAAA==' })).rejects.toMatchObject({ name: 'BadDigest' });
    expect(cloud.services(region).s3.all()).toEqual([]);
  });

  it('is throttled, refuses, and is silent with its Region', async () => {
    for (const kind of ['throttled', 'refused'] as const) cloud.faults.add({ kind, service: 's3', times: 3 });
    await expect(put()).rejects.toMatchObject({ name: 'SlowDown' });
    await expect(put()).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('s3:PutObject'),
    });
    cloud.faults.clear();
    cloud.faults.lose(region);
    await expect(put()).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it.each([
    ['StorageClass', { StorageClass: 'GLACIER' }],
    ['Metadata', { Metadata: { author: 'kim' } }],
    ['IfNoneMatch', { IfNoneMatch: '*' }],
    ['ChecksumSHA256', { ChecksumAlgorithm: 'SHA256' }],
  ])('says that it does not model %s', async (what, more) => {
    await expect(put(more)).rejects.toMatchObject({ name: 'NotModelled' });
    expect(cloud.notModelled).toEqual([expect.stringContaining(what)]);
  });

  it('has buckets in the path for clients of an address', async () => {
    clock.uninstall();
    const real = new SimulatedCloud({ regions: [region], clock: new RealClock(), seed: 1 });
    real.services(region).s3.createBucket({ name: 'evidence' });
    const { url, close } = await listen(real.dispatch);
    const { credentials } = real.clientConfig(region);
    const outside = new S3Client({ region, credentials, endpoint: url });
    await outside.send(new PutObjectCommand({ ...object, Body: 'over the wire' }));
    const read = await outside.send(new GetObjectCommand(object));
    expect(await read.Body?.transformToString()).toBe('over the wire');
    outside.destroy();
    await close();
  });
});

import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type HttpRequest, HttpResponse } from '@smithy/core/protocols';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModifyVolumeCommand } from '@aws-sdk/client-ec2';
import { ec2Client } from '../../lib/aws/clients.ts';
import { away, block, type Course, TransferStage, type Wire } from './transfer-stage.ts';

let stage: TransferStage;
beforeEach(async () => {
  stage = await TransferStage.open();
});
afterEach(() => {
  stage.clock.uninstall();
  expect(stage.cloud.notModelled).toEqual([]);
});

/** A volume of which blocks 0 to `changed` - 1 were changed since its copy at home, the last `zeroed` of them to zeros. */
async function changedVolume(changed: number, zeroed = 0): Promise<Course & { volume: string }> {
  const volume = stage.newVolume();
  for (let index = 0; index < changed; index += 1) stage.write(volume, index, block(1));
  const base = await stage.snapshot(volume);
  const farBase = await stage.copyHome(base);
  for (let index = 0; index < changed; index += 1)
    stage.write(volume, index, block(index < changed - zeroed ? 2 + (index % 200) : 0));
  return { volume, base, farBase, later: await stage.snapshot(volume) };
}

/** Every block at home is what was last written away. */
function expectAlike(arrived: ReadonlyMap<number, Buffer>, volume: string): void {
  const zeros = block(0);
  const { blocks } = stage.cloud.services(away).ec2.contentOf(volume);
  for (const index of new Set([...blocks.keys(), ...arrived.keys()])) {
    const [here, there] = [arrived.get(index) ?? zeros, blocks.get(index) ?? zeros];
    expect(here.equals(there), `block ${index}`).toBe(true);
  }
}

const indexOf = ({ path }: HttpRequest) => Number(/\/blocks\/(\d+)$/.exec(path)?.[1] ?? -1);
const isRead = (request: HttpRequest, index: number) => request.method === 'GET' && indexOf(request) === index;
const isWrite = (request: HttpRequest, index: number) => request.method === 'PUT' && indexOf(request) === index;

/** The first so many requests that fit go another way. */
function times(count: number, fits: (request: HttpRequest) => boolean, other: Wire): Wire {
  let left = count;
  return (request, send) => {
    if (left === 0 || !fits(request)) return send();
    left -= 1;
    return other(request, send);
  };
}

/** The body of the answer, changed on its way. */
const changing =
  (change: (bytes: Buffer) => Buffer): Wire =>
  async (_, send) => {
    const { response } = await send();
    const bytes = Buffer.from(await buffer(response.body as Readable));
    return { response: new HttpResponse({ ...response, body: Readable.from([change(bytes)]) }) };
  };

function flipped(bytes: Uint8Array): Buffer {
  const other = Buffer.from(bytes);
  other[4_711] = (other[4_711] ?? 0) ^ 1;
  return other;
}

const refused = (status: number, name: string, reason?: string): Wire => {
  const body = Buffer.from(JSON.stringify({ Message: 'No.', ...(reason === undefined ? {} : { Reason: reason }) }));
  const headers = { 'x-amzn-errortype': name, 'content-type': 'application/json' };
  return async () => ({ response: new HttpResponse({ statusCode: status, headers, body: Readable.from([body]) }) });
};

describe('I4: on a rough way', () => {
  it.each<[string, Wire, RegExp | undefined]>([
    [
      'is cut short',
      times(
        2,
        (request) => isRead(request, 4),
        changing((bytes) => bytes.subarray(0, 9_000)),
      ),
      /2 blocks/,
    ],
    ['has a byte flipped while it is read', times(2, (request) => isRead(request, 4), changing(flipped)), /2 blocks/],
    [
      'has a byte flipped while it is written',
      times(
        2,
        (request) => isWrite(request, 4),
        async (request, send) => {
          request.body = flipped(request.body as Uint8Array);
          return send();
        },
      ),
      /2 blocks/,
    ],
    [
      'is refused as if the signature were wrong',
      times(2, (request) => isWrite(request, 4), refused(403, 'InvalidSignatureException')),
      /2 blocks/,
    ],
    [
      'breaks off with its connection',
      times(
        2,
        (request) => isRead(request, 4),
        async () => {
          throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
        },
      ),
      undefined,
    ],
  ])('a block that %s is read again and arrives as it was sent, and it is seen', async (_, wire, note) => {
    const { volume, ...course } = await changedVolume(6);
    stage.wire = wire;
    const { record, arrived, notes } = await stage.carry(course);
    expect(record).toMatchObject({ changedBlocks: 6 });
    expectAlike(arrived, volume);
    expect(stage.answered('PutSnapshotBlock')).toEqual([0, 1, 2, 3, 4, 5]);
    if (note === undefined) expect(notes).toEqual([]);
    else expect(notes.join()).toMatch(note);
  });

  it('a block that never arrives whole is not written, and says so', async () => {
    const course = await changedVolume(6);
    const { item, started } = await stage.begin(course);
    stage.wire = times(100, (request) => isRead(request, 4), changing(flipped));
    await expect(stage.moveAll(item, started)).rejects.toThrow(
      /Block 4 of snap-\w+ has checksum .*, not .* as it was sent/,
    );
    expect(stage.answered('PutSnapshotBlock')).toEqual([0, 1, 2, 3, 5]);
    expect((await stage.outcome(item, started.target)).record?.failure).toMatch(/^AwsUnavailable: Block 4/);
  });

  it('a comparison does not take a damaged block for the same, although nothing is written that AWS would check', async () => {
    const [before, after] = [stage.newVolume(), stage.newVolume()];
    for (const index of [3, 4]) for (const volume of [before, after]) stage.write(volume, index, block(index));
    stage.write(after, 5, block(5));
    const base = await stage.snapshot(before);
    const farBase = await stage.copyHome(base);
    const later = await stage.snapshot(after);
    const once = (snapshot: string) =>
      times(1, (request) => isRead(request, 4) && request.path.includes(snapshot), changing(flipped));
    const [ofBase, ofLater] = [once(base), once(later)];
    stage.wire = (request, send) => ofBase(request, () => ofLater(request, send));
    const { arrived, notes } = await stage.carry({ base, later, farBase });
    expectAlike(arrived, after);
    expect(notes.join()).toMatch(/2 blocks were damaged/);
  });

  it('goes on where it stopped when its time is up, and each block is written once: 200, of which 20 became zeros', async () => {
    const { volume, ...course } = await changedVolume(200, 20);
    // 64 at a time, each as slow as this: of 200 only 128 are begun within the ten minutes of a run.
    stage.wire = async (request, send) => {
      if (request.method === 'GET' && indexOf(request) !== -1)
        await new Promise((resume) => setTimeout(resume, 400_000));
      return send();
    };
    const { record, arrived } = await stage.carry(course);
    expect(record).toMatchObject({ listedBlocks: 200, changedBlocks: 200 });
    expectAlike(arrived, volume);
    expect(stage.answered('PutSnapshotBlock')).toEqual(Array.from({ length: 200 }, (_, index) => index));
    expect(stage.moves).toBe(2);
  });

  it('lists again when its tokens expire half-way', async () => {
    const { volume, ...course } = await changedVolume(100);
    let reads = 0;
    stage.wire = (request, send) => {
      if (request.method !== 'GET' || indexOf(request) === -1) return send();
      reads += 1;
      // From the fiftieth read to the end of this listing no token is good any more.
      if (reads > 50 && stage.moves === 1) request.query = { blockToken: 'expired' };
      return send();
    };
    const { record, arrived } = await stage.carry(course);
    expect(record).toMatchObject({ changedBlocks: 100 });
    expectAlike(arrived, volume);
    expect(stage.moves).toBe(2);
  });

  it('goes on behind the page at which its listing broke off', async () => {
    const { volume, ...course } = await changedVolume(150);
    const { item, started } = await stage.begin(course);
    const isSecond = ({ path, query }: HttpRequest) =>
      path.endsWith('/changedblocks') && query['pageToken'] !== undefined;
    const expired = times(1, isSecond, (request, send) => {
      request.query = { ...request.query, pageToken: 'expired' };
      return send();
    });
    stage.wire = (request, send) => {
      // Of small pages, so that there is a second one.
      if (request.path.endsWith('/changedblocks')) request.query = { ...request.query, maxResults: '100' };
      return expired(request, send);
    };
    await stage.moveAll(item, started);
    await stage.completeAll(item, started.target);
    expectAlike((await stage.outcome(item, started.target)).arrived, volume);
    expect(stage.moves).toBe(2);
  });

  it('keeps to a tenth of its pace where AWS takes no more, and no worker gives up', async () => {
    const { volume, ...course } = await changedVolume(150);
    let [tokens, at, throttled] = [5, 0, 0];
    stage.wire = (request, send) => {
      if (request.method !== 'PUT') return send();
      const now = stage.clock.now();
      tokens = Math.min(5, tokens + (now - at) / 200);
      at = now;
      if (tokens < 1) {
        throttled += 1;
        return refused(400, 'RequestThrottledException', 'RESOURCE_LEVEL_THROTTLE')(request, send);
      }
      tokens -= 1;
      return send();
    };
    const { record, arrived } = await stage.carry(course);
    expect(record).toMatchObject({ changedBlocks: 150 });
    expectAlike(arrived, volume);
    // It begins ten times too fast, finds the pace within a second, and keeps it.
    expect(throttled).toBeLessThan(100);
    expect(stage.moves).toBe(1);
  });

  it('a unit that two runs move side by side counts once', async () => {
    const { volume, ...course } = await changedVolume(20);
    const { item, started } = await stage.begin(course);
    await stage.moveAll(item, started, 2);
    await stage.completeAll(item, started.target);
    const { record, arrived } = await stage.outcome(item, started.target);
    expect(record).toMatchObject({ changedBlocks: 20 });
    expectAlike(arrived, volume);
  });

  it('a volume that has grown comes home with its new blocks, in its new size', async () => {
    const { volume, ...course } = await changedVolume(3);
    const grow = new ModifyVolumeCommand({ VolumeId: volume, Size: 9 });
    await stage.clock.settle(stage.services.client(ec2Client, away).send(grow));
    await stage.clock.advance(3_600_000);
    stage.write(volume, 8 * 2_048 + 7, block(77));
    const { record, arrived } = await stage.carry({ ...course, later: await stage.snapshot(volume), sizeGib: 9 });
    expect(record).toMatchObject({ changedBlocks: 4 });
    expectAlike(arrived, volume);
  });

  it('is not completed with a count that is wrong: by what was moved, or by what AWS is told', async () => {
    const course = await changedVolume(3);
    const { item, started } = await stage.begin(course);
    await expect(stage.completeAll(item, started.target)).rejects.toThrow(
      /of 3 blocks .* 0 were looked at and 0 written/,
    );
    await stage.moveAll(item, started);
    stage.wire = (request, send) => {
      if (request.path.includes('/completion/')) request.headers['x-amz-changedblockscount'] = '2';
      return send();
    };
    await expect(stage.completeAll(item, started.target)).rejects.toThrow(/ended in error: ChangedBlocksCount is 2/);
  });

  it('after a failure nothing more is begun, and nothing goes on behind the step', async () => {
    const course = await changedVolume(100);
    const { item, started } = await stage.begin(course);
    stage.wire = (request, send) =>
      isRead(request, 10) ? refused(404, 'ResourceNotFoundException', 'SNAPSHOT_NOT_FOUND')(request, send) : send();
    await expect(stage.moveAll(item, started)).rejects.toThrow(/Cannot read block 10 .*ResourceNotFound/);
    const written = stage.answered('PutSnapshotBlock').length;
    expect(written).toBeLessThan(90);
    await stage.clock.advance(60_000);
    expect(stage.answered('PutSnapshotBlock')).toHaveLength(written);
  });
});

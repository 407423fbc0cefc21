import { createHash } from 'node:crypto';

const blockBytes = 524_288;
const blocksPerGib = 2_048;
const pageSize = 10_000;

export interface EndOptions {
  /** A volume that is written to its end. */
  readonly sizeGib: number;
  /** Evenly spread over it. */
  readonly changed: number;
  /** Gets and puts a second, each, from a bucket that holds one second's worth. */
  readonly blocksPerSecond?: number;
  readonly getMs?: number;
  readonly putMs?: number;
  readonly listMs?: number;
  /** Puts are hashed and compared as AWS does. */
  readonly isChecking?: boolean;
}

export interface EndAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly afterMs: number;
}

type Kind = 'get' | 'put' | 'list' | 'other';

/** Both ends of a transfer as far as it sees them: two snapshots to list and read, and one to write, whose blocks are not kept. */
export class BlockEnd {
  readonly requests: Record<Kind, number> = { get: 0, put: 0, list: 0, other: 0 };
  throttled = 0;
  /** From the first request for a block to the last, in milliseconds. */
  firstMs: number | undefined;
  lastMs = 0;
  /** When nine tenths of the blocks were written: after that workers run out of units. */
  mostlyMs = 0;
  #written = 0;
  readonly #options: EndOptions;
  readonly #now: () => number;
  readonly #buckets = new Map<Kind, { tokens: number; at: number }>();
  readonly #contents: readonly { readonly bytes: Buffer; readonly headers: Readonly<Record<string, string>> }[];

  constructor(options: EndOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
    this.#contents = Array.from({ length: 16 }, (_, fill) => {
      const bytes = Buffer.alloc(blockBytes, `content ${fill}`);
      return { bytes, headers: { ...checksumHeaders(hash(bytes)), 'x-amz-data-length': String(blockBytes) } };
    });
  }

  answer(method: string, target: string, headers: Readonly<Record<string, unknown>>, body: Uint8Array): EndAnswer {
    const url = new URL(target, 'https://ebs');
    const [, index] = /\/blocks\/(\d+)$/.exec(url.pathname) ?? [];
    if (index === undefined) return this.#describe(method, url);
    const kind = method === 'GET' ? 'get' : 'put';
    this.requests[kind] += 1;
    this.lastMs = this.#now();
    this.firstMs ??= this.lastMs;
    if (!this.#takes(kind)) {
      this.throttled += 1;
      return refusal('RequestThrottledException', 'RESOURCE_LEVEL_THROTTLE', 5);
    }
    if (kind === 'get') {
      const content = this.#contents[Number(index) % this.#contents.length] ?? { bytes: Buffer.alloc(0), headers: {} };
      return { status: 200, headers: content.headers, body: content.bytes, afterMs: this.#options.getMs ?? 0 };
    }
    const checksum = String(headers['x-amz-checksum']);
    if (body.length !== blockBytes || (this.#options.isChecking === true && checksum !== hash(body)))
      return refusal('ValidationException', 'INVALID_BLOCK', 0);
    this.#written += 1;
    if (this.#written === Math.ceil(this.#options.changed * 0.9)) this.mostlyMs = this.#now();
    return json(201, {}, this.#options.putMs ?? 0, checksumHeaders(checksum));
  }

  #describe(method: string, url: URL): EndAnswer {
    if (method === 'GET' && url.pathname.endsWith('/changedblocks')) return this.#list(url.searchParams);
    this.requests.other += 1;
    return json(method === 'POST' ? 201 : 202, { SnapshotId: 'snap-00000000000000003', Status: 'pending' }, 50);
  }

  /** A page looks at 10,000 written blocks, however few of them have changed. @source aws-facts [2.5] */
  #list(query: URLSearchParams): EndAnswer {
    this.requests.list += 1;
    const total = this.#options.sizeGib * blocksPerGib;
    const from = Number(query.get('pageToken') ?? query.get('startingBlockIndex') ?? 0);
    const step = total / this.#options.changed;
    const found: { BlockIndex: number; FirstBlockToken: string; SecondBlockToken: string }[] = [];
    for (let place = Math.ceil(from / step); Math.floor(place * step) < Math.min(total, from + pageSize); place += 1) {
      const BlockIndex = Math.floor(place * step);
      const token = Buffer.alloc(90, `${BlockIndex}/`).toString('base64');
      if (BlockIndex >= from) found.push({ BlockIndex, FirstBlockToken: token, SecondBlockToken: token });
    }
    const next = from + pageSize < total ? { NextToken: String(from + pageSize) } : {};
    return json(200, { ChangedBlocks: found, BlockSize: blockBytes, ...next }, this.#options.listMs ?? 0);
  }

  #takes(kind: Kind): boolean {
    const { blocksPerSecond } = this.#options;
    if (blocksPerSecond === undefined) return true;
    const now = this.#now();
    const { tokens, at } = this.#buckets.get(kind) ?? { tokens: blocksPerSecond, at: now };
    const full = Math.min(blocksPerSecond, tokens + ((now - at) * blocksPerSecond) / 1_000);
    this.#buckets.set(kind, { tokens: full >= 1 ? full - 1 : full, at: now });
    return full >= 1;
  }
}

function json(
  status: number,
  body: object,
  afterMs: number,
  headers: Readonly<Record<string, string>> = {},
): EndAnswer {
  return {
    status,
    headers: { ...headers, 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(body)),
    afterMs,
  };
}

function refusal(name: string, Reason: string, afterMs: number): EndAnswer {
  return json(400, { Message: 'No.', Reason }, afterMs, { 'x-amzn-errortype': name });
}

function checksumHeaders(checksum: string): Record<string, string> {
  return { 'x-amz-checksum': checksum, 'x-amz-checksum-algorithm': 'SHA256' };
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}

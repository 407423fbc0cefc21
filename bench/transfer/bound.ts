import { createHash, createHmac } from 'node:crypto';
import { connect, type TLSSocket } from 'node:tls';

const inFlight = 64;
const blockBytes = 524_288;
const emptyHash = createHash('sha256').digest('hex');

/** What one thread of Node cannot go below: sockets, signatures and the bytes, and nothing that would make it safe. */
export async function carryRaw(port: number, indexes: readonly number[]): Promise<number> {
  const queue = indexes.values();
  let carried = 0;
  const work = async () => {
    const [from, to] = await Promise.all([new Line(port).ready(), new Line(port).ready()]);
    const slot = Buffer.allocUnsafeSlow(blockBytes);
    for (const index of queue) {
      const token = Buffer.alloc(90, `${index}/`).toString('base64');
      const query = `blockToken=${encodeURIComponent(token)}`;
      const path = `/snapshots/snap-00000000000000002/blocks/${index}`;
      const got = await from.ask(signed('us-west-2', { method: 'GET', path, query, port }, {}), undefined, slot);
      const [, checksum = ''] = /x-amz-checksum: (\S+)/i.exec(got) ?? [];
      const headers = {
        'content-type': 'application/octet-stream',
        'content-length': String(blockBytes),
        'x-amz-checksum': checksum,
        'x-amz-checksum-algorithm': 'SHA256',
        'x-amz-content-sha256': Buffer.from(checksum, 'base64').toString('hex'),
        'x-amz-data-length': String(blockBytes),
      };
      const target = `/snapshots/snap-00000000000000003/blocks/${index}`;
      const put = signed('us-east-1', { method: 'PUT', path: target, query: '', port }, headers);
      if (!(await to.ask(put, slot, Buffer.alloc(64))).startsWith('HTTP/1.1 201')) throw new Error('refused');
      carried += 1;
    }
    from.close();
    to.close();
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  return carried;
}

/** One connection with one request at a time. */
class Line {
  readonly #socket: TLSSocket;
  #head = '';
  #length = -1;
  #filled = 0;
  #slot: Buffer = Buffer.alloc(0);
  #answered: ((head: string) => void) | undefined;
  #failed: ((error: Error) => void) | undefined;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1' });
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk) => this.#take(chunk));
    this.#socket.on('error', (error) => this.#failed?.(error));
  }

  ready(): Promise<this> {
    return new Promise((resolve, reject) => {
      this.#socket.once('secureConnect', () => resolve(this)).once('error', reject);
    });
  }

  ask(head: string, body: Buffer | undefined, slot: Buffer): Promise<string> {
    this.#slot = slot;
    [this.#head, this.#length, this.#filled] = ['', -1, 0];
    return new Promise((resolve, reject) => {
      [this.#answered, this.#failed] = [resolve, reject];
      this.#socket.cork();
      this.#socket.write(head, 'latin1');
      if (body !== undefined) this.#socket.write(body);
      this.#socket.uncork();
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    let from = 0;
    if (this.#length === -1) {
      const end = chunk.indexOf('\r\n\r\n');
      if (end === -1) throw new Error('a head in two parts');
      this.#head = chunk.toString('latin1', 0, end);
      this.#length = Number(/content-length: (\d+)/i.exec(this.#head)?.[1] ?? 0);
      from = end + 4;
    }
    this.#filled += chunk.copy(this.#slot, this.#filled, from);
    if (this.#filled >= this.#length) this.#answered?.(this.#head);
  }
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly port: number;
}

/** Signature version 4 with nothing around it. */
function signed(region: string, { method, path, query, port }: Asked, more: Readonly<Record<string, string>>): string {
  const date = `${new Date().toISOString().replace(/[-:]/g, '').slice(0, 15)}Z`;
  const all: Record<string, string> = {
    'x-amz-content-sha256': emptyHash,
    ...more,
    host: `127.0.0.1:${port}`,
    'x-amz-date': date,
  };
  const names = Object.keys(all).toSorted();
  const canonical = `${method}\n${path}\n${query}\n${names.map((name) => `${name}:${all[name]}`).join('\n')}\n\n${names.join(';')}\n${all['x-amz-content-sha256']}`;
  const scope = `${date.slice(0, 8)}/${region}/ebs/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${createHash('sha256').update(canonical).digest('hex')}`;
  const signature = createHmac('sha256', keyOf(date.slice(0, 8), region))
    .update(text)
    .digest('hex');
  const credential = `${process.env['AWS_ACCESS_KEY_ID']}/${scope}`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  const lines = names.map((name) => `${name}: ${all[name]}\r\n`).join('');
  return `${method} ${path}${query === '' ? '' : `?${query}`} HTTP/1.1\r\n${lines}authorization: ${authorization}\r\n\r\n`;
}

const keys = new Map<string, Buffer>();

function keyOf(day: string, region: string): Buffer {
  const known = keys.get(`${day}/${region}`);
  if (known !== undefined) return known;
  let key = Buffer.from(`AWS4${process.env['AWS_SECRET_ACCESS_KEY']}`);
  for (const part of [day, region, 'ebs', 'aws4_request']) key = createHmac('sha256', key).update(part).digest();
  keys.set(`${day}/${region}`, key);
  return key;
}

import type { Random } from '../random.ts';
import type { Encryption } from './records.ts';

/** A key as KMS tells of it; only an enabled one that encrypts symmetrically serves EBS. @source KMS guide, key states; EBS guide, encryption requirements */
export interface KeyRecord {
  readonly arn: string;
  readonly state: 'Enabled' | 'Disabled' | 'PendingDeletion' | 'PendingImport' | 'Unavailable';
  readonly spec: 'SYMMETRIC_DEFAULT' | 'RSA_4096' | 'HMAC_256';
}

/** The KMS keys of one Region, as far as EBS sees them, and the Region's encryption defaults. */
export class Keys {
  /** The default EBS key of the Region, `aws/ebs` unless changed. */
  defaultArn: string;
  isEncryptionDefault = false;
  readonly #region: string;
  readonly #account: string;
  readonly #random: Random;
  readonly #keys = new Map<string, KeyRecord>();

  constructor(region: string, account: string, random: Random) {
    this.#region = region;
    this.#account = account;
    this.#random = random;
    this.defaultArn = this.add();
  }

  /** Registers a key, enabled. @returns its ARN */
  add(arn = `arn:aws:kms:${this.#region}:${this.#account}:key/${this.#uuid()}`): string {
    this.#keys.set(arn, { arn, state: 'Enabled', spec: 'SYMMETRIC_DEFAULT' });
    return arn;
  }

  enable(arn: string, isEnabled: boolean): void {
    this.change(arn, { state: isEnabled ? 'Enabled' : 'Disabled' });
  }

  change(arn: string, change: Partial<Omit<KeyRecord, 'arn'>>): void {
    const key = this.#keys.get(arn);
    if (key === undefined) throw new Error(`${arn} is not a key of ${this.#region}`);
    this.#keys.set(arn, { ...key, ...change });
  }

  get arns(): readonly string[] {
    return [...this.#keys.keys()];
  }

  get(arn: string): KeyRecord | undefined {
    return this.#keys.get(arn);
  }

  isUsable(arn: string): boolean {
    const key = this.#keys.get(arn);
    return key?.state === 'Enabled' && key.spec === 'SYMMETRIC_DEFAULT';
  }

  /** ARN for a key id, an ARN or `alias/aws/ebs`; what is not known stays as it is and is not usable. */
  resolve(key: string | undefined): string {
    if (key === undefined || key.endsWith('alias/aws/ebs')) return this.defaultArn;
    return this.arns.find((arn) => arn.endsWith(`:key/${key}`)) ?? key;
  }

  /** Encryption of something new under a key, with a data key of its own: a new lineage. */
  encrypt(key: string | undefined): Encryption {
    return { keyArn: this.resolve(key), dataKeyId: this.#uuid() };
  }

  #uuid(): string {
    const hex = this.#random.hex(32);
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }
}

import type { Random } from '../random.ts';
import type { Encryption } from './records.ts';

/** The KMS keys of one Region, as far as EBS sees them, and the Region's encryption defaults. */
export class Keys {
  /** The default EBS key of the Region, `aws/ebs` unless changed. */
  defaultArn: string;
  isEncryptionDefault = false;
  readonly #region: string;
  readonly #account: string;
  readonly #random: Random;
  readonly #enabled = new Map<string, boolean>();

  constructor(region: string, account: string, random: Random) {
    this.#region = region;
    this.#account = account;
    this.#random = random;
    this.defaultArn = this.add();
  }

  /** Registers a key, enabled. @returns its ARN */
  add(arn = `arn:aws:kms:${this.#region}:${this.#account}:key/${this.#uuid()}`): string {
    this.#enabled.set(arn, true);
    return arn;
  }

  enable(arn: string, isEnabled: boolean): void {
    if (!this.#enabled.has(arn)) throw new Error(`${arn} is not a key of ${this.#region}`);
    this.#enabled.set(arn, isEnabled);
  }

  get arns(): readonly string[] {
    return [...this.#enabled.keys()];
  }

  isUsable(arn: string): boolean {
    return this.#enabled.get(arn) ?? false;
  }

  /** ARN for a key id, an ARN or `alias/aws/ebs`; what is not known stays as it is and is not usable. */
  resolve(key: string | undefined): string {
    if (key === undefined || key.endsWith('alias/aws/ebs')) return this.defaultArn;
    return [...this.#enabled.keys()].find((arn) => arn.endsWith(`:key/${key}`)) ?? key;
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

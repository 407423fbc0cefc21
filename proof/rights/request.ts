/** Values of condition keys, by key. */
export type Context = Readonly<Record<string, string | readonly string[]>>;

/** What AWS asks IAM about one resource of a call. */
export interface IamRequest {
  /** `ec2:RunInstances` */
  readonly action: string;
  /** An ARN, or `*` for an action without resources. */
  readonly resource: string;
  readonly context: Context;
}

/** An IAM request of a known role. */
export interface RoleRequest extends IamRequest {
  /** The role's name. */
  readonly role: string;
}

interface Tag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** Tags that the call gives to what it makes. */
export function requestTags(tags: readonly Tag[]): Context {
  if (tags.length === 0) return {};
  const values = tags.map(({ Key = '', Value = '' }): [string, string] => [`aws:RequestTag/${Key}`, Value]);
  return { ...Object.fromEntries(values), 'aws:TagKeys': tags.map(({ Key = '' }) => Key) };
}

/** Tags that a resource carries. */
export function resourceTags(tags: readonly Tag[]): Context {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [`aws:ResourceTag/${Key}`, Value]));
}

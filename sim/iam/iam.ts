import type { GetInstanceProfileRequest, GetInstanceProfileResponse, InstanceProfile } from '@aws-sdk/client-iam';
import { AwsError, type Operation, operation, type Service, type Surroundings } from '../service.ts';

declare module '../cloud.ts' {
  interface Services {
    iam: Iam;
  }
}

interface ProfileRecord {
  readonly name: string;
  readonly arn: string;
  readonly path: string;
  readonly createdAt: number;
  /** Name of its role; `undefined`: it has none. */
  readonly role: string | undefined;
}

/** The simulated IAM, as far as instances are given profiles: one for all Regions, its control plane in us-east-1. */
export class Iam implements Service {
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #surroundings: Surroundings;
  readonly #profiles = new Map<string, ProfileRecord>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.operations = {
      GetInstanceProfile: operation<GetInstanceProfileRequest, GetInstanceProfileResponse>(
        ['InstanceProfileName'],
        ({ InstanceProfileName: name = '' }) => {
          const profile = this.#profiles.get(name);
          if (profile === undefined)
            throw new AwsError('NoSuchEntity', `Instance Profile ${name} cannot be found.`, 404);
          return { InstanceProfile: this.#describe(profile) };
        },
      ),
    };
  }

  /** Creates a profile with a role of its name, as the console does, unless told otherwise. @returns its ARN */
  addInstanceProfile(profile: { name: string; path?: string; hasRole?: boolean }): string {
    const { name, path = '/', hasRole = true } = profile;
    const { account, cloud } = this.#surroundings;
    const arn = `arn:aws:iam::${account}:instance-profile${path}${name}`;
    const role = hasRole ? name : undefined;
    this.#profiles.set(name, { name, arn, path, role, createdAt: cloud.clock.now() });
    return arn;
  }

  removeInstanceProfile(name: string): void {
    this.#profiles.delete(name);
  }

  /** The profile that a launch names, by one of both. @throws AwsError as RunInstances does */
  profileOf({ Arn, Name }: { readonly Arn?: string | undefined; readonly Name?: string | undefined }): ProfileRecord {
    const found = [...this.#profiles.values()].find(({ arn, name }) =>
      Arn === undefined ? name === Name : arn === Arn,
    );
    const parameter = Arn === undefined ? 'name' : 'arn';
    const wrong = `Value (${Arn ?? Name}) for parameter iamInstanceProfile.${parameter} is invalid.`;
    if (found === undefined)
      throw new AwsError('InvalidParameterValue', `${wrong} Invalid IAM Instance Profile ${parameter}`);
    if (found.role === undefined)
      throw new AwsError('InvalidParameterValue', `${wrong} IAM Instance Profile has no associated IAM Roles`);
    return found;
  }

  #describe({ name, arn, path, role, createdAt }: ProfileRecord): InstanceProfile {
    const CreateDate = new Date(createdAt);
    const { account } = this.#surroundings;
    const roles = role === undefined ? [] : [role];
    return {
      ...{ Path: path, InstanceProfileName: name, InstanceProfileId: `AIPA${name}`, Arn: arn, CreateDate },
      Roles: roles.map((RoleName) => ({
        ...{
          Path: '/',
          RoleName,
          RoleId: `AROA${RoleName}`,
          Arn: `arn:aws:iam::${account}:role/${RoleName}`,
          CreateDate,
        },
      })),
    };
  }
}

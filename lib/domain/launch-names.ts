import type { LaunchConfiguration } from './launch-configuration.ts';

/** What servers name that stays outside of their images, as far as it is there. */
export interface Named {
  /** Names of those key pairs of the recovery Region. */
  readonly keyPairs: ReadonlySet<string>;
  /** Those that were looked at, by the ARN with which servers name them; `undefined` where there is no such profile. */
  readonly profiles: ReadonlyMap<string, { readonly hasRole: boolean } | undefined>;
}

/** Of the servers, the names of key pairs or profiles, each with the servers that have it. */
export function namesOf(
  servers: ReadonlyMap<string, LaunchConfiguration>,
  member: 'keyName' | 'instanceProfile',
): ReadonlyMap<string, readonly string[]> {
  const named = [...servers].flatMap(([server, configuration]) => {
    const name = configuration[member];
    return name === null ? [] : [{ server, name }];
  });
  return new Map(
    [...Map.groupBy(named, ({ name }) => name)].map(([name, found]) => [name, found.map(({ server }) => server)]),
  );
}

/** What AWS would refuse a launch for, with what to do about it; in words for people. @source aws-facts [3.7] */
export function nameFindings(
  servers: ReadonlyMap<string, LaunchConfiguration>,
  region: string,
  { keyPairs, profiles }: Named,
): string[] {
  const missingKeys = [...namesOf(servers, 'keyName')].filter(([name]) => !keyPairs.has(name));
  const named = [...namesOf(servers, 'instanceProfile')].filter(([arn]) => profiles.has(arn));
  const missing = named.filter(([arn]) => profiles.get(arn) === undefined);
  const empty = named.filter(([arn]) => profiles.get(arn)?.hasRole === false);
  const of = (names: readonly string[]) => `of server ${names.join(', ')}`;
  return [
    ...missingKeys.map(
      ([name, names]) =>
        `key pair ${name} ${of(names)} does not exist in ${region}: import its public key there under this name, or create one of this name`,
    ),
    ...missing.map(
      ([arn, names]) => `instance profile ${arn} ${of(names)} does not exist: create it with its role, path and name`,
    ),
    ...empty.map(([arn, names]) => `instance profile ${arn} ${of(names)} has no role: give it one`),
  ];
}

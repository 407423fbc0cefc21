import type { Plan } from './plan.ts';

/** An Elastic IP of the recovery Region. `heldBy`: the instance or network interface that has it; `null` where that is nobody, or a server of the plan itself. */
export interface PreparedAddress {
  readonly heldBy: string | null;
}

/**
 * What is wrong with the Elastic IPs that a plan has prepared, in words for people. One that does not exist would fail the launch; one that something else has
 * would be taken from it, since a failover moves it.
 * @param found those that were looked at, by allocation; `undefined` where there is no such address
 */
export function addressFindings(
  { servers, recovery }: Plan,
  found: ReadonlyMap<string, PreparedAddress | undefined>,
): { readonly blocking: string[]; readonly warnings: string[] } {
  const prepared = Object.entries(servers).flatMap(([server, { elasticIp }]) =>
    elasticIp === undefined || !found.has(elasticIp) ? [] : [{ server, elasticIp, address: found.get(elasticIp) }],
  );
  return {
    blocking: prepared
      .filter(({ address }) => address === undefined)
      .map(
        ({ server, elasticIp }) =>
          `Elastic IP ${elasticIp} of server ${server} does not exist in ${recovery.region}: allocate one, and name it in the plan`,
      ),
    warnings: prepared.flatMap(({ server, elasticIp, address }) =>
      typeof address?.heldBy === 'string'
        ? [`Elastic IP ${elasticIp} of server ${server} is in use by ${address.heldBy}: a failover takes it from there`]
        : [],
    ),
  };
}

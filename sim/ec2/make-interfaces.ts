import type { Tag } from '@aws-sdk/client-ec2';
import { takeAddresses } from './network.ts';
import type { InterfaceRecord, SubnetRecord } from './records.ts';
import type { Ec2State } from './state.ts';

/** A network interface that is to be made, with what an owner may have of it. */
export interface InterfaceWish {
  readonly deviceIndex: number;
  readonly subnet: SubnetRecord;
  readonly securityGroups: readonly string[];
  readonly deleteOnTermination: boolean;
  readonly description?: string | undefined;
  readonly sourceDestCheck?: boolean | undefined;
  /** How many private addresses beside the first. */
  readonly secondaryAddresses?: number | undefined;
  readonly ipv6Addresses?: readonly string[] | undefined;
  /** Default `interface`. */
  readonly type?: string | undefined;
  /** Default 0. */
  readonly networkCard?: number | undefined;
  readonly tags: readonly Tag[];
}

/** The interfaces of one instance, each with addresses of its subnet, by device index. @throws AwsError InsufficientFreeAddressesInSubnet */
export function makeInterfaces(
  state: Ec2State,
  wishes: readonly InterfaceWish[],
): [InterfaceRecord, ...InterfaceRecord[]] {
  const addresses = addressesOf(state, wishes);
  const made = wishes.map((wish): InterfaceRecord => {
    const { subnet, secondaryAddresses = 0, ipv6Addresses = [] } = wish;
    const [privateIp = '', ...secondary] = addresses.get(subnet.id)?.splice(0, 1 + secondaryAddresses) ?? [];
    return {
      id: state.newId('eni'),
      deviceIndex: wish.deviceIndex,
      networkCard: wish.networkCard ?? 0,
      type: wish.type ?? 'interface',
      subnetId: subnet.id,
      privateIp,
      moreAddresses: { private: secondary, ipv6: ipv6Addresses },
      securityGroups: wish.securityGroups,
      description: wish.description ?? '',
      deleteOnTermination: wish.deleteOnTermination,
      sourceDestCheck: wish.sourceDestCheck ?? true,
      publicIp: undefined,
      tags: [...wish.tags],
    };
  });
  const [first, ...others] = made.toSorted((one, other) => one.deviceIndex - other.deviceIndex);
  if (first === undefined) throw new Error('an instance has one network interface at least');
  return [first, ...others];
}

/** As many addresses of each subnet as its interfaces take, all at once: none is anybody's before the instance is there. */
function addressesOf(state: Ec2State, wishes: readonly InterfaceWish[]): Map<string, string[]> {
  const bySubnet = Map.groupBy(wishes, ({ subnet }) => subnet);
  return new Map(
    [...bySubnet].map(([subnet, of]) => {
      const count = of.reduce((sum, { secondaryAddresses = 0 }) => sum + 1 + secondaryAddresses, 0);
      return [subnet.id, takeAddresses(state, subnet, count)];
    }),
  );
}

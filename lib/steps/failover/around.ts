import { findReservation } from '../../aws/capacity-reservations.ts';
import type { Patience } from '../../aws/call.ts';
import { ec2Client, iamClient, kmsClient } from '../../aws/clients.ts';
import { findInstanceProfile } from '../../aws/instance-profiles.ts';
import { describeInstances } from '../../aws/instances.ts';
import { existingKeyPairs } from '../../aws/key-pairs.ts';
import { findKey } from '../../aws/keys.ts';
import { findAddress } from '../../aws/network.ts';
import type { SnapshotFacts } from '../../aws/snapshots.ts';
import { tagValue } from '../../aws/tags.ts';
import { type CapacityReservation, capacityOf, reservationIn } from '../../domain/capacity.ts';
import type { PointServer } from '../../domain/catalogue.ts';
import { type Keys, namedKeys } from '../../domain/key.ts';
import { type Named, namesOf } from '../../domain/launch-names.ts';
import type { Plan } from '../../domain/plan.ts';
import type { PreparedAddress } from '../../domain/prepared-addresses.ts';
import type { Services } from '../services.ts';
import { type IsolationFindings, isolationFindings } from './isolation.ts';
import { lookAtEach, withPatience } from './looks.ts';
import { type QuotaFindings, quotaFindings } from './quotas.ts';

/** What is launched from: images of servers by name, and all snapshots of the plan there. */
export interface Copies {
  readonly images: ReadonlyMap<string, PointServer>;
  readonly snapshots: readonly SnapshotFacts[];
}

export function configurationsOf(images: Copies['images']) {
  return new Map([...images].map(([server, { configuration }]) => [server, configuration]));
}

/** By server the keys of its copies; none of a server whose copies are not encrypted. */
export function copyKeysOf({ images, snapshots }: Copies): ReadonlyMap<string, ReadonlySet<string>> {
  const keyOf = new Map(snapshots.map(({ id, key }) => [id, key]));
  const keys = [...images].map(([server, { volumes }]) => {
    const ofServer = Object.values(volumes).flatMap(({ copy }) => keyOf.get(copy ?? '') ?? []);
    return [server, new Set(ofServer)] as const;
  });
  return new Map(keys);
}

/** What launches name, as far as it was found. */
export interface Around extends QuotaFindings, IsolationFindings {
  readonly keys: Keys;
  readonly named: Named;
  readonly addresses: ReadonlyMap<string, PreparedAddress | undefined>;
  readonly reservations: ReadonlyMap<string, CapacityReservation | undefined>;
}

/** Which keys, key pairs, instance profiles and Elastic IPs that the servers name are there, for what there is room, and whether the primary can be isolated. */
export async function lookAround(
  services: Services,
  { plan, isDrill }: { readonly plan: Plan; readonly isDrill: boolean },
  { images, snapshots }: Copies,
): Promise<Around> {
  const configurations = configurationsOf(images);
  const ec2 = services.client(ec2Client, plan.recovery.region);
  const keyNames = [...namesOf(configurations, 'keyName').keys()];
  const keyPairs = await existingKeyPairs(ec2, keyNames);
  const arns = namesOf(configurations, 'instanceProfile').keys();
  const prepared = Object.values(plan.servers).flatMap(({ elasticIp }) => elasticIp ?? []);
  const reservations = [...images.keys()].flatMap((server) => reservationIn(capacityOf(plan, server)) ?? []);
  const kms = services.client(kmsClient, plan.recovery.region);
  const keyIds = new Set([...copyKeysOf({ images, snapshots }).values()].flatMap((keys) => [...keys]));
  for (const key of namedKeys(plan.recovery)) keyIds.add(key);
  const [keys, addresses, profiles, reserved, quotas, isolation] = await withPatience((patience) =>
    Promise.all([
      lookAtEach('KMS keys', keyIds, (id) => findKey(kms, id, patience)),
      lookAtEach('Elastic IPs', prepared, (allocation) => lookAtAddress(services, plan, allocation, patience)),
      lookAtEach('instance profiles', arns, (arn) => findInstanceProfile(services.client(iamClient), arn, patience)),
      lookAtEach('capacity reservations', new Set(reservations), (id) => findReservation(ec2, id, patience)),
      quotaFindings(services, plan, images, patience),
      isDrill ? { unfenceable: [], unseen: [] } : isolationFindings(services, plan, patience),
    ]),
  );
  const looks = [keys, addresses, profiles, reserved, quotas, isolation];
  return {
    keys: keys.found,
    named: { keyPairs, profiles: profiles.found },
    addresses: addresses.found,
    reservations: reserved.found,
    short: quotas.short,
    unfenceable: isolation.unfenceable,
    unseen: looks.flatMap(({ unseen }) => unseen),
  };
}

/** A server of the plan may have it still: one that an earlier failover launched, and that stands there stopped. */
async function lookAtAddress(
  services: Services,
  { name, recovery }: Plan,
  allocation: string,
  patience: Patience,
): Promise<PreparedAddress | undefined> {
  const ec2 = services.client(ec2Client, recovery.region);
  const address = await findAddress(ec2, allocation, patience);
  if (address?.instance === undefined) return address === undefined ? undefined : { heldBy: address.interface ?? null };
  const [holder] = await describeInstances(ec2, [address.instance], patience);
  return { heldBy: tagValue(holder?.raw.Tags, 'plan') === name ? null : address.instance };
}

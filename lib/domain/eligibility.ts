/** What decides whether a recovery point can restore an instance as the server that it is. */
export interface Origin {
  /** `running`, `stopped` and so on. */
  readonly state: string;
  /** `spot`, `scheduled`, `capacity-block`, or `null` for an instance on demand. */
  readonly lifecycle: string | null;
  readonly autoScalingGroup: string | null;
  readonly rootDeviceType: string;
  readonly isHibernationOn: boolean;
  /** Billing code of what runs on it: `RunInstances` for Linux without a licence. */
  readonly usageOperation: string;
  readonly platform: string;
  readonly productCodes: readonly string[];
  readonly instanceType: string;
  /** The type comes with disks that live and die with the host. */
  readonly hasLocalDisks: boolean;
  /** `hvm` or `paravirtual`. */
  readonly virtualization: string;
  readonly tenancy: string;
  readonly interfaces: readonly {
    readonly deviceIndex: number;
    /** `interface`, `efa`, `trunk` and so on. */
    readonly type: string;
    readonly networkCard: number;
  }[];
  /** Interfaces in secondary networks, which AWS lists apart. */
  readonly secondaryInterfaces: number;
  /** It has one, and AWS takes it away for good at the next stop. */
  readonly losesPublicAddress: boolean;
}

/** What the plan says of the server. */
interface Wanted {
  readonly ignoresLocalDisks: boolean;
  /** Names of the records that lead to its public address. */
  readonly publicRecords: readonly string[];
}

const withoutLicence = 'RunInstances';

/**
 * Why a server is not protected, in words for people; empty when it is. Each of these would make a recovery point that looks whole
 * and is not, or a server that AWS replaces by itself. @source aws-facts [3.2], [3.7], [1.1]
 */
export function refusalsOf(origin: Origin, { ignoresLocalDisks, publicRecords }: Wanted): string[] {
  const { lifecycle, autoScalingGroup, rootDeviceType, usageOperation, productCodes, instanceType } = origin;
  const refusals: (readonly [applies: boolean, reason: string])[] = [
    [
      origin.state === 'terminated' || origin.state === 'shutting-down',
      'is terminated. Take it out of the plan, or name the instance that replaced it',
    ],
    [
      autoScalingGroup !== null,
      `belongs to Auto Scaling group ${autoScalingGroup}, which replaces it at any time. Deploy the group in both Regions instead`,
    ],
    [lifecycle !== null, `is a ${lifecycle} instance, which AWS may end at any time. Run it on demand`],
    [
      rootDeviceType !== 'ebs',
      `starts from ${rootDeviceType}, of which EBS takes no snapshot. Move it to an image with an EBS root`,
    ],
    [
      origin.hasLocalDisks && !ignoresLocalDisks,
      `has disks of its host (${instanceType}), of which EBS takes no snapshot. Use another type, or write "ignoreLocalDisks: true" if nothing on them is worth keeping`,
    ],
    [
      origin.isHibernationOn,
      'has hibernation enabled: its snapshots hold memory that only this instance can wake from. Launch it without',
    ],
    [
      usageOperation !== withoutLicence,
      `runs ${origin.platform} under billing code ${usageOperation}, which an image registered from snapshots loses`,
    ],
    [
      productCodes.length > 0,
      `carries product code ${productCodes.join(', ')} of the Marketplace, which an image registered from snapshots loses`,
    ],
    [
      origin.virtualization !== 'hvm',
      `is ${origin.virtualization}, for which there is no image to start it from. Move it to an HVM image`,
    ],
    [
      origin.tenancy === 'host',
      'runs on a Dedicated Host, of which the recovery Region has none. Give it the tenancy default or dedicated',
    ],
    ...networkRefusals(origin, publicRecords),
  ];
  return refusals.filter(([applies]) => applies).map(([, reason]) => reason);
}

/**
 * Interfaces that could not be asked for at a launch; and a way home that would end without an address: a server that has several
 * interfaces is given no public address again once it was stopped, as the fence does. @source EC2 API reference,
 * InstanceNetworkInterfaceSpecification; EC2 guide, instance IP addressing
 */
function networkRefusals(
  { interfaces, secondaryInterfaces, losesPublicAddress }: Origin,
  publicRecords: readonly string[],
): (readonly [applies: boolean, reason: string])[] {
  const special = interfaces.filter(({ deviceIndex, type }) => deviceIndex > 0 && !['interface', 'efa'].includes(type));
  const onCards = interfaces.filter(({ networkCard }) => networkCard > 0);
  return [
    ...special.map(
      ({ deviceIndex, type }) =>
        [
          true,
          `has network interface ${deviceIndex} of type ${type}, which no launch can ask for. Detach it, or take the server out of the plan`,
        ] as const,
    ),
    ...onCards.map(
      ({ deviceIndex, networkCard }) =>
        [
          true,
          `has network interface ${deviceIndex} on network card ${networkCard}, and a recovered server would have one card only. Detach it, or take the server out of the plan`,
        ] as const,
    ),
    [
      secondaryInterfaces > 0,
      `has ${secondaryInterfaces} interfaces in secondary networks, which a recovered server would not have. Detach them, or take it out of the plan`,
    ],
    [
      losesPublicAddress && publicRecords.length > 0,
      `has ${interfaces.length} network interfaces, so AWS gives it no public address again once it was stopped, and ${publicRecords.join(', ')} could not lead home to it. Give it an Elastic IP`,
    ],
  ];
}

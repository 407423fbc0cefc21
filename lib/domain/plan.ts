import type { CapacityPolicy } from './capacity.ts';
import type { RecordType } from './record-set.ts';
import type { UserDataPolicy } from './user-data.ts';

/** What a page has to answer: this status, and `text` somewhere in it. */
export interface HttpCheck {
  readonly port: number;
  readonly path: string;
  readonly status: number;
  readonly text?: string;
}

/**
 * How a server proves that it works. The status checks of its instance are always required; `tcp`, `http`, whose answer holds `text`, and `commands`, which
 * are run on it by `sh` as root and must all succeed, come on top.
 */
export interface Health {
  readonly withinSeconds: number;
  readonly tcp?: number;
  readonly http?: HttpCheck;
  readonly commands?: readonly string[];
}

/**
 * Commands that hold a server's writes while its snapshots are begun, each run by `sh` as root in a shell of its own. `onFailure`: what becomes
 * of the recovery point where the server was not frozen in time.
 */
export interface Consistency {
  readonly freeze: readonly string[];
  /** Must succeed on a server that is thawed already. */
  readonly thaw: readonly string[];
  /** How long the server may stay frozen: it thaws by itself then. */
  readonly withinSeconds: number;
  readonly onFailure: 'crash-consistent' | 'fail';
}

/**
 * A protected EC2 instance. `optional`: an operation goes on without it where it cannot be brought up or is not healthy in time. `elasticIp` is the
 * allocation of an address prepared in the recovery Region; `ignoreLocalDisks`: nothing on the disks of its host is worth keeping.
 */
export interface PlanServer {
  readonly instance: string;
  readonly wave: number;
  readonly optional?: boolean;
  readonly health: Health;
  readonly elasticIp?: string;
  readonly ignoreLocalDisks?: boolean;
  /** Without it that of the plan. */
  readonly userData?: UserDataPolicy;
  /** The same. */
  readonly capacity?: CapacityPolicy;
  readonly consistency?: Consistency;
}

/** Every instance of the primary Region that carries all of these tags is a server of the plan; who carries them is looked up for each recovery point. */
export interface PlanGroup extends Omit<PlanServer, 'instance' | 'elasticIp'> {
  readonly tags: Readonly<Record<string, string>>;
}

/** Something of either site. */
export interface OfSites<Of> {
  readonly primary: Of;
  readonly recovery: Of;
}

interface AnyRecord {
  readonly zone: string;
  readonly name: string;
  readonly type: RecordType;
}

/** `set`: the one of a set that follows the active site. Without `ttlSeconds` it keeps the TTL that it has. */
interface OneRecord extends AnyRecord {
  readonly set?: string;
  readonly ttlSeconds?: number;
}

export interface ServerRecord extends OneRecord {
  readonly server: string;
  readonly address: 'public' | 'private';
}

/** It leads to values that are known beforehand. */
export interface FixedRecord extends OneRecord {
  readonly values: OfSites<readonly string[]>;
}

/** An alias, mostly of load balancers: each by its own hosted zone id and its name. */
export interface AliasRecord extends OneRecord {
  readonly alias: OfSites<{ readonly zone: string; readonly name: string }>;
}

/** A weighted set with one record for each site, by set identifier: their weights are exchanged. */
export interface WeightedPair extends AnyRecord {
  readonly weighted: OfSites<string>;
}

/** A failover pair with one record for each site, by set identifier: moved by the health check of the plan, without a change of records. */
export interface FailoverPair extends AnyRecord {
  readonly failover: OfSites<string>;
}

/** What follows the active site in DNS. */
export type TrafficRecord = ServerRecord | FixedRecord | AliasRecord | WeightedPair | FailoverPair;

/**
 * Routing controls of Application Recovery Controller, by ARN, one or both: that of the site that serves is on, that of the other one off. `endpoints`: those of their cluster, by Region.
 */
export interface RoutingControls {
  readonly routingControls: Partial<OfSites<string>>;
  readonly endpoints: Readonly<Record<string, string>>;
}

/** A place that is asked from the recovery Region, over the internet, whether the primary serves: `address` is a DNS name or a public address. */
export interface OutsideProbe {
  readonly address: string;
  readonly tcp?: number;
  readonly http?: HttpCheck;
  readonly https?: HttpCheck;
}

/** What makes failover start by itself: signals of the primary that stay away, at least one of the two kinds. */
export interface AutomaticFailover {
  /** A metric in the recovery Region that stops arriving. */
  readonly heartbeat?: {
    readonly namespace: string;
    readonly metric: string;
    readonly dimensions: Readonly<Record<string, string>>;
  };
  /** By name; each asked every minute. */
  readonly probes?: Readonly<Record<string, OutsideProbe>>;
  /** How many of the heartbeat and the probes must say that the primary is out: one where there is only one. */
  readonly atLeast?: number;
  readonly missingForSeconds: number;
  /** How long a person may call it off before anything happens. */
  readonly cancelWindowSeconds?: number;
  /** How long after an operation that stopped servers no alarm starts anything: see `coolDownOf`. */
  readonly coolDownSeconds?: number;
  /** With an older newest point a person has to decide. */
  readonly pointAgeSecondsMax?: number;
}

/** A question to a person: how long it waits for an answer, and what is done without one. */
export interface QuestionRule {
  readonly withinSeconds: number;
  readonly otherwise: 'proceed' | 'undo';
}

/** What a failover asks people: of a primary that could not be fenced, of servers that do not become healthy, and before traffic moves. */
export interface FailoverQuestions {
  readonly owedFence?: QuestionRule;
  readonly unhealthy?: QuestionRule;
  readonly traffic?: QuestionRule;
}

/** What may be moved without asking: any of the two. */
export interface MoveLimit {
  readonly dollars?: number;
  readonly seconds?: number;
}

/** What a failback asks people: before more than the limit comes home otherwise than by delta, before the returned primary is touched, of servers that do not become healthy, and before recovery stops serving. */
export interface FailbackQuestions {
  readonly lostLineage?: QuestionRule & { readonly above?: MoveLimit };
  readonly primaryIsSafe?: QuestionRule;
  readonly unhealthy?: QuestionRule;
  readonly cutOver?: QuestionRule;
}

/** How nobody may delete a snapshot, for 1 to 36,500 days. A lock in `compliance` mode cannot be taken back. */
export interface SnapshotLock {
  readonly mode: 'governance' | 'compliance';
  readonly days: number;
}

/** Which recovery points are kept: any that one of these rules keeps. Periods are those of the calendar in UTC, weeks begin on Monday. */
export interface KeepRules {
  /** The newest points, so many. */
  readonly latest: number;
  /** The newest point of each of so many periods that have one, the period under way included. */
  readonly hourly: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  readonly yearly: number;
  /** Younger points are all kept. */
  readonly minimumAgeSeconds: number;
  /** What every copy in the recovery Region is locked with once its point is available. */
  readonly lock?: SnapshotLock;
}

/** Where a launch goes on that finds no room: other subnets for those of the recovery Region, mostly in other zones, and other types, in the order to try them. */
export interface Fallback {
  readonly subnets: Readonly<Record<string, readonly string[]>>;
  readonly instanceTypes: Readonly<Record<string, readonly string[]>>;
}

/** Where a function stands that probes servers by their private addresses. */
export interface ProbesNetwork {
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
}

/** Where a plan is drilled: a network apart, from which nothing leads to production. Ids lead from the primary Region's to the drill's, as in `recovery`. */
export interface DrillNetwork {
  /** How often by itself; without it only when somebody starts it. */
  readonly everySeconds?: number;
  readonly subnets: Readonly<Record<string, string>>;
  readonly securityGroups: Readonly<Record<string, string>>;
  readonly probes?: ProbesNetwork;
}

/** Subnets and security groups of the primary Region, by those of production there in whose place they are. */
export type HomeNetwork = Pick<DrillNetwork, 'subnets' | 'securityGroups'>;

/** A recovery plan: what is protected, and how it is recovered and brought home. Made by `planFileSchema`. */
export interface Plan {
  readonly name: string;
  readonly primary: { readonly region: string };
  /**
   * `subnets` and `securityGroups` lead from the primary Region's id to the recovery Region's. Without `key`: the Region's default EBS key.
   * `formerKeys`: under which older copies are; nothing new is encrypted with them.
   */
  readonly recovery: {
    readonly region: string;
    readonly key?: string;
    readonly formerKeys?: readonly string[];
    readonly subnets: Readonly<Record<string, string>>;
    readonly securityGroups: Readonly<Record<string, string>>;
    readonly fallback?: Fallback;
    /** Without it user data is kept. */
    readonly userData?: UserDataPolicy;
    /** Without it AWS's default. */
    readonly capacity?: CapacityPolicy;
    /** At which rate AWS is paid to fill volumes from their snapshots; without it they are filled as they are used. */
    readonly hydration?: { readonly mibPerSecond: number };
  };
  readonly protection: {
    readonly everySeconds: number;
    readonly rpoTargetSeconds: number;
    /** AWS may be paid to complete copies within a time, where the target would be missed otherwise. */
    readonly timeBasedCopies?: boolean;
    readonly retention: KeepRules;
  };
  readonly servers: Readonly<Record<string, PlanServer>>;
  readonly groups: Readonly<Record<string, PlanGroup>>;
  readonly traffic: readonly (TrafficRecord | RoutingControls)[];
  /** Without `fence` the primary is stopped. `isolationGroups`: of the primary Region, given to its servers in place of all others where they are isolated. */
  readonly failover: {
    readonly rtoTargetSeconds: number;
    readonly fence?: 'stop' | 'isolate' | 'none';
    readonly isolationGroups?: readonly string[];
    readonly whenFenceIsOwed: 'proceed' | 'stop' | 'ask';
    readonly questions?: FailoverQuestions;
    readonly automatic?: AutomaticFailover;
  };
  readonly failback: {
    readonly pauseLimitSeconds: number;
    readonly roundsMax: number;
    /** How long what stays after coming home is kept; absent: until a person accepts. */
    readonly keepForSeconds?: number;
    readonly questions?: FailbackQuestions;
    /** Where the way home is drilled: a network of the primary Region apart from production. */
    readonly drill?: HomeNetwork;
    /** Servers may come home as new instances, in these places; what it does not map stays where it was. */
    readonly newServers?: HomeNetwork;
  };
  readonly probes?: ProbesNetwork;
  readonly drill?: DrillNetwork;
  readonly notify: readonly string[];
}

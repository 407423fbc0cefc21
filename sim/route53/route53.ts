import type {
  ChangeInfo,
  ChangeResourceRecordSetsRequest,
  ChangeResourceRecordSetsResponse,
  GetChangeRequest,
  GetChangeResponse,
  GetHostedZoneRequest,
  GetHostedZoneResponse,
  ListResourceRecordSetsRequest,
  ListResourceRecordSetsResponse,
  RRType,
} from '@aws-sdk/client-route-53';
import { AwsError, type Call, type Operation, operation, type Service, type Surroundings } from '../service.ts';
import { editsOf, type RecordEdit, type Records, withEdits } from './change-batch.ts';
import { type DnsAnswer, DnsServers, type LoadBalancer } from './dns.ts';
import { HealthChecks } from './health-checks.ts';
import { isOfGroup } from './record-group.ts';
import { inListOrder, invalidInput, keyOf, nameOf, setOf, type ZoneRecord } from './record-set.ts';

declare module '../cloud.ts' {
  interface Services {
    route53: Route53;
  }
}

/** A change of one record as it happened. */
export interface RecordChange extends RecordEdit {
  readonly at: number;
  /** When every DNS server had it. */
  readonly inSyncAt: number;
  readonly changeId: string;
  readonly zone: string;
  /** What the record was before the whole batch. */
  readonly before: ZoneRecord | undefined;
  /** Role of whoever asked, where it is known. */
  readonly by: string | undefined;
}

interface Zone {
  readonly id: string;
  readonly name: string;
  readonly isPrivate: boolean;
  records: Records;
  /** What the DNS servers have. */
  served: Records;
  busyUntil: number;
  inSyncAt: number;
}

interface SubmittedChange {
  readonly id: string;
  readonly comment: string | undefined;
  readonly submittedAt: number;
  readonly inSyncAt: number;
}

const ITEMS_MAX = 300;

/** The simulated Route 53: one for all Regions. Hosted zones, their changes, and the DNS servers that follow them. */
export class Route53 implements Service {
  readonly operations: Readonly<Record<string, Operation>>;
  /** Every change of every record, oldest first. */
  readonly history: RecordChange[] = [];
  /** How long DNS servers take to have a change. @source aws-facts [4.2] */
  inSyncMs = { min: 30_000, max: 60_000 };
  /** How long a zone works on a change and refuses the next. */
  busyMs = 100;
  /** With us-east-1 the control plane may be lost, while DNS goes on answering. @source aws-facts [4.3] */
  isControlPlaneLost = false;
  readonly healthChecks: HealthChecks;
  readonly #dns: DnsServers;
  readonly #surroundings: Surroundings;
  readonly #zones = new Map<string, Zone>();
  readonly #changes = new Map<string, SubmittedChange>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.healthChecks = new HealthChecks(surroundings);
    this.#dns = new DnsServers(
      () => [...this.#zones.values()],
      (id) => this.healthChecks.isHealthy(id),
      surroundings.cloud.random.fork('dns'),
    );
    this.operations = {
      ChangeResourceRecordSets: operation<ChangeResourceRecordSetsRequest, ChangeResourceRecordSetsResponse>(
        ['HostedZoneId', 'ChangeBatch'],
        (input, call) => this.#change(input, call),
      ),
      ListResourceRecordSets: operation<ListResourceRecordSetsRequest, ListResourceRecordSetsResponse>(
        ['HostedZoneId', 'StartRecordName', 'StartRecordType', 'StartRecordIdentifier', 'MaxItems'],
        (input) => this.#list(input),
      ),
      GetHostedZone: operation<GetHostedZoneRequest, GetHostedZoneResponse>(['Id'], (input) => this.#describe(input)),
      GetChange: operation<GetChangeRequest, GetChangeResponse>(['Id'], (input) => this.#changeInfo(input)),
    };
  }

  /** Adds a hosted zone with the records every zone has. */
  addZone({ id, name, private: isPrivate = false }: { id: string; name: string; private?: boolean }): void {
    const zoneName = nameOf(name);
    const servers = ['ns-1.awsdns-01.com.', 'ns-2.awsdns-02.net.'];
    const own: ZoneRecord[] = [
      { name: zoneName, type: 'NS', ttlSeconds: 172_800, values: servers },
      {
        name: zoneName,
        type: 'SOA',
        ttlSeconds: 900,
        values: [`${servers[0]} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400`],
      },
    ];
    const records = new Map(own.map((record) => [keyOf(record), record]));
    this.#zones.set(id, { id, name: zoneName, isPrivate, records, served: records, busyUntil: 0, inSyncAt: 0 });
  }

  /** Sets a record as part of the world before anything happens: served at once, not in the history. */
  setRecord(zoneId: string, record: ZoneRecord): void {
    const zone = this.#zone(zoneId);
    if (this.#surroundings.cloud.clock.now() < zone.inSyncAt) {
      throw new Error(`zone ${zoneId} has a change on its way: change the record by ChangeResourceRecordSets`);
    }
    const alias = record.alias === undefined ? {} : { alias: { ...record.alias, name: nameOf(record.alias.name) } };
    const edits: RecordEdit[] = [{ action: 'UPSERT', record: { ...record, name: nameOf(record.name), ...alias } }];
    zone.records = withEdits(zone.name, zone.records, edits);
    zone.served = withEdits(zone.name, zone.served, edits);
  }

  /** Adds a load balancer to which aliases can lead, or changes what it is. */
  addLoadBalancer(balancer: LoadBalancer): void {
    this.#dns.addLoadBalancer(balancer);
  }

  /** What DNS servers answer now to one question; `undefined` where there is no such record. A private zone goes before a public one, unless one is named. */
  resolve(name: string, type: RRType, zone?: string): DnsAnswer | undefined {
    return this.#dns.resolve(name, type, zone);
  }

  /** The records of one name and type in a zone as DNS servers have them now. */
  servedRecords(zoneId: string, name: string, type: RRType): readonly ZoneRecord[] {
    return [...this.#zone(zoneId).served.values()].filter(isOfGroup({ name: nameOf(name), type }));
  }

  #change(
    { HostedZoneId, ChangeBatch }: ChangeResourceRecordSetsRequest,
    call: Call,
  ): ChangeResourceRecordSetsResponse {
    this.#checkControlPlane();
    const { clock, random } = this.#surroundings.cloud;
    const zone = this.#zone(HostedZoneId);
    const edits = editsOf(ChangeBatch?.Changes);
    const at = clock.now();
    if (at < zone.busyUntil) {
      throw new AwsError(
        'PriorRequestNotComplete',
        'The request was rejected because Route 53 was still processing a prior request.',
      );
    }
    const before = zone.records;
    const changed = withEdits(zone.name, before, edits);
    this.#checkTargets(zone, changed, edits);
    zone.records = changed;
    zone.busyUntil = at + this.busyMs;
    const chance = random.fork(`route53 change ${this.#changes.size}`);
    const id = `C${chance.hex(20).toUpperCase()}`;
    const { min, max } = this.inSyncMs;
    // Changes of one zone reach the servers in their order.
    const inSyncAt = Math.max(zone.inSyncAt, at + min + chance.below(max - min + 1));
    zone.inSyncAt = inSyncAt;
    const after = zone.records;
    clock.after(inSyncAt - at, () => {
      zone.served = after;
    });
    this.#changes.set(id, { id, comment: ChangeBatch?.Comment, submittedAt: at, inSyncAt });
    for (const edit of edits) {
      const previous = before.get(keyOf(edit.record));
      this.history.push({ ...edit, at, inSyncAt, changeId: id, zone: zone.id, before: previous, by: call.role });
    }
    return { ChangeInfo: this.#infoOf(id) };
  }

  /**
   * Health checks and targets of aliases have to exist.
   * @source Route 53 API reference, ChangeResourceRecordSets, NoSuchHealthCheck; AliasTarget
   */
  #checkTargets(zone: Zone, records: Records, edits: readonly RecordEdit[]): void {
    for (const { action, record } of edits) {
      const { healthCheck, alias, type } = record;
      if (action === 'DELETE') continue;
      if (healthCheck !== undefined && !this.healthChecks.has(healthCheck))
        throw new AwsError('NoSuchHealthCheck', `No health check exists with the specified ID ${healthCheck}.`, 404);
      if (alias === undefined) continue;
      const isInZone = alias.zone === zone.id && [...records.values()].some(isOfGroup({ name: alias.name, type }));
      if (isInZone || this.#dns.loadBalancer(alias) !== undefined) continue;
      const message = `Tried to create an alias that targets ${alias.name}, type ${type} in zone ${alias.zone}, but that target was not found`;
      throw new AwsError('InvalidChangeBatch', `[${message}]`, 400, { messages: [message] });
    }
  }

  #changeInfo({ Id = '' }: GetChangeRequest): GetChangeResponse {
    this.#checkControlPlane();
    return { ChangeInfo: this.#infoOf(Id.replace(/^\/?change\//, '')) };
  }

  #infoOf(id: string): ChangeInfo {
    const change = this.#changes.get(id);
    if (change === undefined) throw new AwsError('NoSuchChange', `Could not find resource with ID: ${id}`, 404);
    const isInSync = this.#surroundings.cloud.clock.now() >= change.inSyncAt;
    return {
      Id: `/change/${change.id}`,
      Status: isInSync ? 'INSYNC' : 'PENDING',
      SubmittedAt: new Date(change.submittedAt),
      ...(change.comment === undefined ? {} : { Comment: change.comment }),
    };
  }

  #list(input: ListResourceRecordSetsRequest): ListResourceRecordSetsResponse {
    this.#checkControlPlane();
    const { StartRecordName, StartRecordType, StartRecordIdentifier = '', MaxItems = ITEMS_MAX } = input;
    const zone = this.#zone(input.HostedZoneId);
    if (StartRecordType !== undefined && StartRecordName === undefined) {
      throw invalidInput('The request must contain a record name if it contains a record type.');
    }
    if (StartRecordIdentifier !== '' && StartRecordType === undefined) {
      throw invalidInput('The request must contain a record type if it contains a set identifier.');
    }
    const start =
      StartRecordName === undefined
        ? undefined
        : {
            name: nameOf(StartRecordName),
            type: StartRecordType ?? ('' as RRType),
            set: StartRecordIdentifier,
          };
    const sorted = [...zone.records.values()]
      .filter((record) => start === undefined || inListOrder(record, start) >= 0)
      .sort(inListOrder);
    const max = Math.min(Number(MaxItems), ITEMS_MAX);
    const next = sorted[max];
    return {
      ResourceRecordSets: sorted.slice(0, max).map(setOf),
      IsTruncated: next !== undefined,
      ...(next === undefined ? {} : { NextRecordName: next.name, NextRecordType: next.type }),
      ...(next?.set === undefined ? {} : { NextRecordIdentifier: next.set }),
      MaxItems: max,
    };
  }

  #describe({ Id }: GetHostedZoneRequest): GetHostedZoneResponse {
    this.#checkControlPlane();
    const { id, name, isPrivate, records } = this.#zone(Id);
    return {
      HostedZone: {
        Id: `/hostedzone/${id}`,
        Name: name,
        CallerReference: id,
        Config: { PrivateZone: isPrivate },
        ResourceRecordSetCount: records.size,
      },
      ...(isPrivate
        ? {}
        : { DelegationSet: { NameServers: [...(records.get(keyOf({ name, type: 'NS' }))?.values ?? [])] } }),
    };
  }

  #zone(id = ''): Zone {
    const bare = id.replace(/^\/?hostedzone\//, '');
    const zone = this.#zones.get(bare);
    if (zone === undefined) throw new AwsError('NoSuchHostedZone', `No hosted zone found with ID: ${bare}`, 404);
    return zone;
  }

  #checkControlPlane(): void {
    if (this.isControlPlaneLost) throw new AwsError('ServiceUnavailable', 'The service is unavailable.', 503);
  }
}

import * as z from 'zod';
import type { Operation, RecoveryPoint, Round, TransferRecord, Twin } from './catalogue.ts';
import { pointOfServer, pointsOf } from './choice.ts';
import { secondsBetween } from './duration.ts';
import type { OperationEvent } from './event.ts';
import { name } from './fields.ts';
import { fullPerformanceSeconds } from './hydration.ts';
import type { Kept } from './kept.ts';
import { launchSite } from './launch-site.ts';
import { warningsOf } from './left-out.ts';
import { operationIdSchema, time } from './ids.ts';
import { titleOf, wordsOf } from './record-set.ts';
import { pointTime } from './recovery-point.ts';

/** Evidence that is to be written: an item of the catalogue, `EVIDENCE` / `PLAN#<plan>#OP#<operation>`, there from before the operation's end until it is. */
export const owedEvidenceSchema = z
  .object({
    plan: name,
    operation: operationIdSchema,
    /** When the operation ended last, or was about to. */
    since: time,
    /** Whether people know that it could not be written. */
    isTold: z.boolean(),
  })
  .readonly();
export type OwedEvidence = z.output<typeof owedEvidenceSchema>;

/** Whether evidence is kept of an operation: a protect run says in its recovery point what it did, and there are hundreds of them a day. */
export function isEvidenced({ kind }: Pick<Operation, 'kind'>): boolean {
  return kind !== 'protect';
}

/** Where the evidence of an operation is in its bucket: the same operation has the same place, however often it is written. */
export function evidenceKey({ plan, id, startedAt }: Pick<Operation, 'plan' | 'id' | 'startedAt'>): string {
  return `${plan}/${startedAt.slice(0, 4)}/${id}.json`;
}

/** For people. */
export function evidenceAddress(bucket: string, operation: Parameters<typeof evidenceKey>[0]): string {
  return `s3://${bucket}/${evidenceKey(operation)}`;
}

/** What the catalogue knows of an operation that has ended. */
export interface Facts {
  readonly operation: Operation;
  readonly events: readonly OperationEvent[];
  readonly transfers: readonly TransferRecord[];
  /** Those that the operation made. */
  readonly twins: readonly Twin[];
  /** The point that it took itself, while that is there. */
  readonly ownPoint: RecoveryPoint | undefined;
  readonly regions: { readonly primary: string; readonly recovery: string };
}

/** One progression from its beginning until the next one began, or the operation ended. */
interface Phase {
  readonly phase: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly seconds: number;
}

/** A server on the side to which the operation brought it; `null`: it did not come so far. */
interface ServerEvidence {
  readonly recoveryPoint: string | null;
  readonly instance: string | null;
  readonly image: string | null;
  readonly startedAt: string | null;
  readonly runningAt: string | null;
  readonly healthyAt: string | null;
  /** How its health was seen. */
  readonly health: string | null;
}

interface Created {
  readonly id: string;
  readonly region: string;
  readonly server: string | null;
}

/** The document: ids, times and words for people. Nothing of what servers are launched with is in it, and no bytes. */
export interface Evidence {
  /** Of this layout. */
  readonly format: 1;
  readonly plan: { readonly name: string; readonly version: string | null };
  readonly operation: Pick<Operation, 'id' | 'kind' | 'epoch' | 'outcome' | 'cause' | 'startedAt' | 'committedAt'> & {
    readonly extent: string;
    readonly isPlanned: boolean;
    readonly askedBy: string;
    readonly endedAt: string;
  };
  /** `ageSeconds`: how old it was when the operation began. */
  readonly recoveryPoints: readonly { readonly id: string; readonly takenAt: string; readonly ageSeconds: number }[];
  /** `fullPerformanceSeconds`: as `rtoSeconds`, until the volumes are filled at the latest; `null` where nobody knows. */
  readonly measured: Pick<Operation, 'rpoSeconds' | 'rtoSeconds'> & { readonly fullPerformanceSeconds: number | null };
  readonly phases: readonly Phase[];
  readonly servers: Readonly<Record<string, ServerEvidence>>;
  readonly approvals: readonly {
    readonly key: string;
    readonly question: string;
    readonly askedAt: string;
    readonly until: string;
    readonly answer: { word: string; by: string; because: string | null; at: string } | null;
  }[];
  readonly stopped: readonly string[];
  /** Network interfaces that were cut off, with the security groups that they had. */
  readonly isolated: readonly {
    readonly interface: string;
    readonly instance: string;
    readonly groups: readonly string[];
  }[];
  readonly traffic: readonly { name: string; type: string; before: readonly string[]; after: readonly string[] }[];
  readonly rounds: readonly Round[];
  readonly transfers: readonly Omit<TransferRecord, 'id' | 'isCompleting' | 'failure'>[];
  readonly unreplicated: Operation['unreplicated'];
  /** Volumes of servers at home, by what they are of: each is kept beside the one that took its place. */
  readonly swapped: Operation['swapped'];
  /** What stayed since the plan came home when the operation looked: its events say what of which server. `null`: it did not look. */
  readonly kept: Kept | null;
  /** Whether it is still there or not: an undo takes most of it away again. */
  readonly created: readonly Created[];
  readonly warnings: readonly string[];
  readonly events: readonly { readonly at: string; readonly text: string }[];
}

/** The evidence of an operation that has ended; the same facts make the same document, byte for byte. */
export function evidenceOf(facts: Facts): Evidence {
  const { operation, events } = facts;
  const { plan, id, kind, epoch, outcome, cause, startedAt, committedAt } = operation;
  const endedAt = operation.endedAt ?? startedAt;
  return {
    format: 1,
    plan: { name: plan, version: operation.planVersion ?? null },
    operation: {
      ...{ id, kind, extent: operation.extent ?? 'whole', isPlanned: operation.isPlanned === true, epoch },
      ...{ askedBy: operation.trigger, startedAt, committedAt, endedAt, outcome, cause },
    },
    recoveryPoints: pointsOf(operation).map((point) => {
      const takenAt = pointTime(point);
      return { id: point, takenAt, ageSeconds: Math.max(0, secondsBetween(takenAt, startedAt)) };
    }),
    measured: {
      ...{ rpoSeconds: operation.rpoSeconds, rtoSeconds: operation.rtoSeconds },
      fullPerformanceSeconds: fullPerformanceSeconds(operation),
    },
    phases: phasesOf(operation, endedAt),
    servers: serversOf(facts),
    approvals: Object.entries(operation.questions)
      .map(([key, { text, askedAt, until, answer }]) => ({ key, question: text, askedAt, until, answer }))
      .toSorted((one, other) => one.askedAt.localeCompare(other.askedAt)),
    stopped: Object.keys(operation.stopped).toSorted(),
    isolated: Object.entries(operation.isolated ?? {})
      .map(([id, { instance, before }]) => ({ interface: id, instance, groups: before.toSorted() }))
      .toSorted((one, other) => one.interface.localeCompare(other.interface)),
    traffic: trafficOf(operation),
    rounds: operation.rounds,
    transfers: facts.transfers
      .map(({ id: _id, isCompleting: _isCompleting, failure: _failure, ...moved }) => moved)
      .toSorted((one, other) => orderOf(one).localeCompare(orderOf(other))),
    unreplicated: operation.unreplicated,
    swapped: operation.swapped,
    kept: operation.kept ?? null,
    created: createdBy(facts),
    warnings: warningsOf(operation),
    events: events.filter(({ reached }) => reached === undefined).map(({ at, text }) => ({ at, text })),
  };
}

/** Records, then routing controls. */
function trafficOf({ traffic, controls = [] }: Operation): Evidence['traffic'] {
  return [
    ...traffic.map(({ name, set, type, before, after }) => ({
      ...{ name: titleOf({ name, ...(set === undefined ? {} : { set }) }), type },
      ...{ before: wordsOf(before), after: wordsOf(after) },
    })),
    ...controls.map(({ control, before, after }) => ({
      ...{ name: control, type: 'routing control', before: [before], after: [after] },
    })),
  ];
}

function orderOf({ startedAt, volume }: Pick<TransferRecord, 'startedAt' | 'volume'>): string {
  return `${startedAt} ${volume}`;
}

/** `closed` is no phase, except of an operation that was taken up again after it. */
export function phasesOf(
  { startedAt, progressed }: Pick<Operation, 'startedAt' | 'progressed'>,
  endedAt: string,
): Phase[] {
  const begun = [{ at: startedAt, progression: 'opened' }, ...progressed];
  const all = begun.map(({ at, progression }, place) => {
    const until = begun[place + 1]?.at ?? endedAt;
    return { phase: progression, startedAt: at, endedAt: until, seconds: secondsBetween(at, until) };
  });
  return all.at(-1)?.phase === 'closed' ? all.slice(0, -1) : all;
}

/** Every server of which something is known. One that is brought home in place has no image, and its instance is the plan's. */
function serversOf({ operation, events }: Facts): Record<string, ServerEvidence> {
  const names = [...Object.keys(operation.servers), ...events.flatMap(({ server }) => server ?? [])];
  const entries = [...new Set(names)].toSorted().map((server): [string, ServerEvidence] => {
    const first = (wanted: OperationEvent['reached']) =>
      events.find((event) => event.server === server && event.reached === wanted);
    const launched = operation.servers[server];
    const healthy = first('healthy');
    return [
      server,
      {
        recoveryPoint: pointOfServer(operation, server) || null,
        instance:
          launched?.instance ??
          events.find((event) => event.server === server && event.instance !== undefined)?.instance ??
          null,
        image: launched?.image ?? null,
        startedAt: first('started')?.at ?? null,
        runningAt: first('running')?.at ?? null,
        healthyAt: healthy?.at ?? null,
        health: healthy?.text ?? null,
      },
    ];
  });
  return Object.fromEntries(entries);
}

/** What it created, by server; what two records name is there once. */
function createdBy({ operation, events, transfers, twins, ownPoint, regions }: Facts): Created[] {
  const { primary, recovery } = regions;
  const target = operation.kind === 'failback' ? primary : recovery;
  const serverOf = (volume: string) => volume.slice(0, volume.indexOf(':'));
  const captured = Object.entries(ownPoint?.servers ?? {}).flatMap(([server, { volumes }]) =>
    Object.values(volumes).flatMap(({ snapshot, copy }) => [
      { id: snapshot, region: primary, server },
      { id: copy, region: recovery, server },
    ]),
  );
  const all = [
    ...Object.entries(operation.servers).flatMap(([server, { image, instance }]) => [
      { id: image, region: regions[launchSite(operation)], server },
      { id: instance, region: regions[launchSite(operation)], server },
    ]),
    ...events.flatMap(({ made = [], region = recovery, server = null }) => made.map((id) => ({ id, region, server }))),
    ...Object.entries(operation.swapped).map(([volume, swap]) => ({
      ...{ id: swap.new, region: primary, server: serverOf(volume) },
    })),
    ...transfers.map(({ target: id, volume }) => ({ id, region: target, server: serverOf(volume) })),
    ...twins.flatMap(({ volume, primarySnapshot, recoverySnapshot }) => [
      { id: primarySnapshot, region: primary, server: serverOf(volume) },
      { id: recoverySnapshot, region: recovery, server: serverOf(volume) },
    ]),
    ...captured,
  ];
  const byId = new Map(all.flatMap(({ id, ...of }) => (id === null ? [] : [[id, { id, ...of }] as const])));
  return [...byId.values()].toSorted((one, other) => one.id.localeCompare(other.id));
}

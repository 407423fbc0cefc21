import * as z from 'zod';
import { duration, fields, integer, listOf, mapOf, name, oneOf, text } from '../lib/domain/fields.ts';
import type { Member } from '../lib/domain/catalogue.ts';
import { memberOf, withMembers } from '../lib/domain/members.ts';
import type { Plan } from '../lib/domain/plan.ts';
import { parseSize, sizePattern } from '../lib/domain/size.ts';
import { type Reading, readDocument } from '../lib/plan-file/document.ts';
import type { InstancePlacing } from '../sim/ec2/place-instance.ts';

/** A volume when the story begins: `writtenBlocks` of its 512 KiB blocks hold random bytes. */
export interface WorldVolume {
  readonly sizeGib: number;
  readonly writtenBlocks: number;
  readonly volumeType: string;
  readonly isEncrypted: boolean;
}

export interface WorldServer {
  readonly instanceType: string;
  /** By device; the first one is the root. */
  readonly volumes: Readonly<Record<string, WorldVolume>>;
  /** What else its owner has set: protections, boot mode, options. */
  readonly details?: Partial<InstancePlacing>;
  /** In which of the plan's subnets at home, counted from 0; the first one unless given. */
  readonly subnet?: number;
}

/** What happens to one volume of the server that serves at that moment, in whichever Region. */
interface OnVolume {
  readonly server: string;
  readonly device: string;
}

export type WorldAction =
  | ({ readonly kind: 'write' | 'discard'; readonly blocks: number } & OnVolume)
  | ({ readonly kind: 'grow'; readonly toGib: number } & OnVolume)
  /** The primary Region answers nothing from now on; or again. */
  | { readonly kind: 'outage' | 'return' }
  /** A person starts an operation. `recoveryPoint` is as the failover's input has it. */
  | { readonly kind: 'failover'; readonly recoveryPoint: unknown }
  | { readonly kind: 'failback' };

export interface WorldEvent {
  /** Seconds since the story began; repeated `times` times in all, `everySeconds` apart. */
  readonly atSeconds: number;
  readonly everySeconds: number;
  readonly times: number;
  readonly action: WorldAction;
}

/** The servers a rehearsal begins with, and what happens when. */
export interface World {
  /** Hosted zones of the plan that are private. */
  readonly privateZones?: readonly string[];
  readonly servers: Readonly<Record<string, WorldServer>>;
  readonly events: readonly WorldEvent[];
}

const blockBytes = 524_288;
const gibBytes = 1024 ** 3;

const size = (unitBytes: number, unit: string) => {
  const message = `is not a size in whole ${unit}. Write it like "8 GiB".`;
  return text(sizePattern, message).transform((written, { addIssue }) => {
    const units = (parseSize(written) ?? 0) / unitBytes;
    if (!Number.isInteger(units)) addIssue({ code: 'custom', message });
    return units;
  });
};
const blocks = size(blockBytes, 'blocks of 512 KiB');

const isSet = z.boolean({ error: 'is not known. Write true or false.' }).default(false);

const volume = fields({
  size: size(gibBytes, 'GiB'),
  written: blocks.default(64),
  type: oneOf('gp3', 'gp2', 'io1', 'io2', 'st1', 'sc1').default('gp3'),
  encrypted: isSet,
});

const device = text(/^(\/dev\/)?[a-z0-9]{2,12}$/, 'is not a device name. Write it like "/dev/sdf".');
const server = fields({
  type: text(/^[a-z0-9-]+\.[a-z0-9-]+$/, 'is not an instance type. Write it like "m7i.large".').default('m7i.large'),
  stopProtection: isSet,
  terminationProtection: isSet,
  volumes: mapOf(device, volume, 'volume'),
});

const onVolume = { server: name, device };
const known = z.literal(true, { error: 'is not known. Write true.' });
const actions = {
  write: fields({ ...onVolume, size: blocks }).exactOptional(),
  discard: fields({ ...onVolume, size: blocks }).exactOptional(),
  grow: fields({ ...onVolume, to: size(gibBytes, 'GiB') }).exactOptional(),
  outage: known.exactOptional(),
  return: known.exactOptional(),
  failover: fields({ recoveryPoint: z.unknown().default('latest') }).exactOptional(),
  failback: known.exactOptional(),
};
const actionNames = Object.keys(actions) as (keyof typeof actions)[];

const event = fields({
  at: duration,
  every: duration.exactOptional(),
  times: integer(1, 10_000).default(1),
  ...actions,
});
type WrittenEvent = z.output<typeof event>;

/** The world file of one plan. Input: what people write; output: {@link World}. */
function worldSchema(plan: Plan) {
  return fields({ servers: mapOf(z.string(), server), events: listOf(event).default([]) })
    .superRefine(({ servers, events }, { addIssue }) => {
      const wrong = (path: (string | number)[], message: string) => addIssue({ code: 'custom', path, message });
      const whole = withWorldMembers(plan, { servers });
      const names = Object.keys(whole.servers);
      for (const name of names)
        if (servers[name] === undefined)
          wrong(['servers'], `has no server ${name}. Describe each server of plan ${plan.name}.`);
      for (const name of Object.keys(servers)) if (!names.includes(name)) wrong(['servers', name], notAServer(plan));
      for (const [name, { volumes }] of Object.entries(servers))
        for (const [at, { size: sizeGib, written }] of Object.entries(volumes))
          if (written >= sizeGib * 2_048)
            wrong(['servers', name, 'volumes', at, 'written'], 'does not fit. Write less than its size.');
      for (const [index, written] of events.entries()) {
        const [action, ...more] = actionNames.filter((each) => written[each] !== undefined);
        if (action === undefined || more.length > 0)
          wrong(['events', index], `must say one thing that happens. Write one of: ${actionNames.join(', ')}.`);
        const target = written.write ?? written.discard ?? written.grow;
        if (target === undefined || action === undefined) continue;
        const volumes = servers[target.server]?.volumes ?? {};
        const ofVolume = Object.hasOwn(volumes, target.device) ? volumes[target.device] : undefined;
        if (written.grow !== undefined && ofVolume !== undefined && written.grow.to < ofVolume.size)
          wrong(
            ['events', index, 'grow', 'to'],
            `is smaller than the volume, and volumes cannot shrink. Write ${ofVolume.size} GiB or more.`,
          );
        if (ofVolume === undefined)
          wrong(
            ['events', index, action, 'device'],
            `is no volume of server ${target.server}. Volumes: ${Object.keys(volumes).join(', ')}.`,
          );
      }
    })
    .transform(
      ({ servers, events }): World => ({
        servers: Object.fromEntries(
          Object.entries(servers).map(([name, { type, stopProtection, terminationProtection, volumes }]) => [
            name,
            {
              instanceType: type,
              volumes: Object.fromEntries(Object.entries(volumes).map(([at, written]) => [at, volumeOf(written)])),
              details: { disableApiStop: stopProtection, disableApiTermination: terminationProtection },
            },
          ]),
        ),
        events: events.map((written) => ({
          atSeconds: written.at,
          everySeconds: written.every ?? 0,
          times: written.times,
          action: actionOf(written),
        })),
      }),
    );
}

function volumeOf({ size: sizeGib, written, type, encrypted }: z.output<typeof volume>): WorldVolume {
  return { sizeGib, writtenBlocks: written, volumeType: type, isEncrypted: encrypted };
}

function actionOf({ write, discard, grow, outage, failover, failback }: WrittenEvent): WorldAction {
  if (write !== undefined) return { kind: 'write', server: write.server, device: write.device, blocks: write.size };
  if (discard !== undefined)
    return { kind: 'discard', server: discard.server, device: discard.device, blocks: discard.size };
  if (grow !== undefined) return { kind: 'grow', server: grow.server, device: grow.device, toGib: grow.to };
  if (failover !== undefined) return { kind: 'failover', recoveryPoint: failover.recoveryPoint };
  if (failback !== undefined) return { kind: 'failback' };
  return { kind: outage === undefined ? 'return' : 'outage' };
}

function notAServer({ name, servers, groups }: Plan): string {
  const members = Object.keys(groups).map((group) => `${group}-0123456789abcdef0`);
  const like = members.length === 0 ? '' : ` A member of a group is named like ${members.join(' or ')}.`;
  return `is not a server of plan ${name}. Servers: ${Object.keys(servers).join(', ')}.${like}`;
}

/** The plan with the members of its groups that the world describes, by their names: `<group>-<instance id without i->`. */
export function withWorldMembers(
  plan: Plan,
  { servers }: { readonly servers: Readonly<Record<string, unknown>> },
): Plan {
  const named = Object.keys(servers).map((name) => [name, memberOf(name)] as const);
  return withMembers(
    plan,
    Object.fromEntries(named.filter((entry): entry is [string, Member] => entry[1] !== undefined)),
  );
}

/** Reads the text of a world file. `file` is the name that problems show. */
export function readWorldFile(file: string, contents: string, plan: Plan): Reading<World> {
  return readDocument(file, contents, worldSchema(plan));
}

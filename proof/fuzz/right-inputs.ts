import type { MachineKind } from '../../rehearsal/stage.ts';

type Test = (value: unknown) => boolean;

const isText: Test = (value) => typeof value === 'string';
const isFlag: Test = (value) => typeof value === 'boolean';
const isTrigger: Test = (value) => typeof value === 'string' && /^[ -~]+$/.test(value) && value.length <= 200;
const isPoint: Test = (value) =>
  value === 'latest' ||
  (typeof value === 'string' && /^rp-[0-9]{8}T[0-9]{6}Z-[0-9A-Za-z_]{1,40}$/.test(value)) ||
  (isBlock(value) && Object.keys(value).join() === 'asOf' && isMoment(value['asOf']));
const areServers: Test = (value) =>
  isBlock(value) &&
  Object.values(value).every(
    (each) => isBlock(each) && Object.keys(each).join() === 'recoveryPoint' && isPoint(each['recoveryPoint']),
  );
const areNew: Test = (value) =>
  value === true || (Array.isArray(value) && value.length > 0 && value.every((each) => isText(each)));
const isAlarm: Test = (value) =>
  isBlock(value) &&
  Object.keys(value).toSorted().join() === 'cancelUntil,name' &&
  isText(value['name']) &&
  isMoment(value['cancelUntil']) &&
  String(value['cancelUntil']).endsWith('Z');
const isSwitch: Test = (value) => value === 'on' || value === 'off';
const isUndo: Test = (value) => typeof value === 'string' && /^(fail(over|back)|drill)-[^\s\p{C}]{1,80}$/u.test(value);

/** The members of each operation's input, written down apart from the schemas of the steps. */
const members: Record<MachineKind, Readonly<Record<string, Test>>> = {
  protect: { plan: isText, scheduledFor: (value) => isMoment(value) && String(value).endsWith('Z') },
  failover: {
    plan: isText,
    recoveryPoint: isPoint,
    servers: areServers,
    planned: isFlag,
    dryRun: isFlag,
    alarm: isAlarm,
    trigger: isTrigger,
  },
  failback: { plan: isText, estimateOnly: isFlag, fenceOnly: isFlag, newServers: areNew, trigger: isTrigger },
};

const drilling = {
  plan: isText,
  drill: (value: unknown) => value === true,
  recoveryPoint: isPoint,
  trigger: isTrigger,
};

const accepting = {
  plan: isText,
  accept: (value: unknown) => value === true,
  dryRun: isFlag,
  unreplicatedBlocks: (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0,
  trigger: isTrigger,
};

const answering = {
  plan: isText,
  answer: (value: unknown) => value === 'proceed' || value === 'wait' || value === 'undo',
  because: isReason,
  trigger: isTrigger,
};

/** The names of the members that are wrong, missing or unknown; `input` when there are none to name. */
export function wrongMembers(kind: MachineKind, input: unknown): string[] {
  if (!isBlock(input)) return ['input'];
  const isAnswering = kind !== 'protect' && Object.hasOwn(input, 'answer');
  const isUndoing = kind !== 'protect' && Object.hasOwn(input, 'undo');
  const isSwitching = kind === 'failover' && isSwitchInput(input);
  const isAccepting = kind === 'failback' && Object.hasOwn(input, 'accept');
  const plain = kind === 'failover' && Object.hasOwn(input, 'drill') ? drilling : members[kind];
  const others = isUndoing ? { plan: isText, undo: isUndo } : isAccepting ? accepting : plain;
  const started = isSwitching ? { plan: isText, automatic: isSwitch, trigger: isTrigger } : others;
  const known = isAnswering ? answering : started;
  const wrong = Object.keys(input).filter(
    (name) => !Object.hasOwn(known, name) || known[name as 'plan']?.(input[name]) !== true,
  );
  return Object.hasOwn(input, 'plan')
    ? [...wrong, ...(isSwitching || isAnswering || isAccepting ? [] : unfitting(kind, input))]
    : [...wrong, 'plan'];
}

function isReason(value: unknown): boolean {
  return isText(value) && /^[^\p{C}]{1,500}$/u.test(value as string);
}

/** Whether an input switches automatic failover instead of starting one. */
function isSwitchInput(input: unknown): boolean {
  return isBlock(input) && Object.hasOwn(input, 'automatic');
}

/** Whether an input lets a failover wait for a veto first, which calls it off where no such alarm is on. */
export function isVetoed(input: unknown): boolean {
  return isBlock(input) && isAlarm(input['alarm']);
}

/** What does not go together: a planned failover takes its own point, a failback does one part or the whole. */
function unfitting(kind: MachineKind, input: Record<string, unknown>): string[] {
  const { planned, recoveryPoint = 'latest', servers = {}, estimateOnly, fenceOnly, newServers } = input;
  if (kind === 'failback' && fenceOnly === true)
    return [...(estimateOnly === true ? ['fenceOnly'] : []), ...(newServers === undefined ? [] : ['newServers'])];
  // The plan of these inputs brings no new servers home.
  if (kind === 'failback') return newServers !== undefined && input['plan'] === 'shop' ? ['newServers'] : [];
  if (planned !== true) return [];
  const hasServers = isBlock(servers) && Object.keys(servers).length > 0;
  return [...(recoveryPoint === 'latest' ? [] : ['recoveryPoint']), ...(hasServers ? ['servers'] : [])];
}

export function isBlock(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A moment in ISO 8601 with its offset, on a day that exists. */
function isMoment(value: unknown): boolean {
  const parts =
    /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d)(:[0-5]\d(\.\d+)?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/.exec(
      typeof value === 'string' ? value : '',
    );
  if (parts === null) return false;
  const [, year = 0, month = 0, day = 0] = parts.map(Number);
  const date = new Date(Date.UTC(2000, month - 1, day));
  date.setUTCFullYear(year, month - 1, day);
  return month >= 1 && month <= 12 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

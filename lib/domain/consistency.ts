import type { Freeze } from './freeze.ts';
import type { Consistency, Plan } from './plan.ts';

/** No call for a snapshot set takes longer: its client gives up by then. What a freeze is to hold for must be over before it ends. */
const callSecondsMax = 10;

/** Where a server keeps what it knows of its freezes: in memory, since a freeze does not outlive a boot either. */
export const stateFolder = '/run/homeward';

/** Whether any server of the plan has commands to run around its snapshots. */
export function hasCommands({ servers, groups }: Pick<Plan, 'servers' | 'groups'>): boolean {
  return [...Object.values(servers), ...Object.values(groups)].some(({ consistency }) => consistency !== undefined);
}

/** Whether a snapshot set that is asked for now would surely still be of a frozen server. */
export function isHolding({ frozenAt, thawRequestedAt, endsAt }: Freeze, now: Date): boolean {
  return frozenAt !== null && thawRequestedAt === null && now.getTime() + callSecondsMax * 1_000 <= Date.parse(endsAt);
}

/**
 * What a snapshot set of a server that asks for a freeze is. Its moment lies between `startedAt`, which AWS tells, and the end of the
 * call, `callSecondsMax` later at most; the server was known to be frozen before the one and could not thaw before the other. `freeze` is read
 * once the set is known: a thaw that was asked for by then may have come before it. @source aws-facts [1.2]
 */
export function reachedBy(freeze: Freeze | undefined, startedAt: string): 'crash' | 'application' {
  const started = new Date(startedAt);
  if (freeze === undefined || !isHolding(freeze, started)) return 'crash';
  return wholeSecond(freeze.frozenAt ?? startedAt) <= wholeSecond(startedAt) ? 'application' : 'crash';
}

/** AWS may tell the start of a snapshot without its milliseconds. */
function wholeSecond(time: string): number {
  return Math.floor(Date.parse(time) / 1_000);
}

/**
 * The script that freezes a server, by line. What it promises whatever becomes of Homeward, its command or the network:
 *
 * - A process of its own session thaws the server after `withinSeconds`, counted from before the first freeze command.
 * - It comes to nothing where its thaw was here first: commands that waited for a silent agent run in no order.
 * - Run twice it freezes once, and ends both times as the freeze did.
 *
 * `mkdir` is what decides between two that come at once: one of them makes the folder.
 */
export function freezeScript(id: string, { freeze, thaw, withinSeconds }: Consistency): string[] {
  return [
    `state=${stateFolder}/${id}`,
    `mkdir -p ${stateFolder} || exit 70`,
    `find ${stateFolder} -mindepth 1 -maxdepth 1 -mmin +1440 -exec rm -rf {} +`,
    'if ! mkdir "$state" 2>/dev/null; then',
    '  n=0',
    `  while [ ! -e "$state/frozen" ] && [ ! -e "$state/over" ] && [ "$n" -lt ${withinSeconds} ]; do sleep 1; n=$((n + 1)); done`,
    '  [ -e "$state/frozen" ] && [ ! -e "$state/over" ]',
    '  exit $?',
    'fi',
    `cat > "$state/thaw" <<'end of thaw ${id}'`,
    ...thawCommands(id, thaw),
    `end of thaw ${id}`,
    `setsid sh "$state/thaw" ${withinSeconds} </dev/null >/dev/null 2>&1 &`,
    ...freeze.flatMap((command, index) => [
      ': > "$state/held"',
      '(',
      command,
      ') || {',
      '  code=$?',
      // A command that fails has frozen nothing; those before it have.
      ...(index === 0 ? ['  rm -f "$state/held"'] : []),
      '  exit "$code"',
      '}',
    ]),
    ': > "$state/frozen"',
    '[ ! -e "$state/over" ]',
  ];
}

/** What thaws the server: run by its own clock, with seconds to wait, and by {@link thawScript}, as often as that is sent. */
function thawCommands(id: string, thaw: readonly string[]): string[] {
  return [
    `state=${stateFolder}/${id}`,
    'sleep "${1:-0}"',
    ': > "$state/over"',
    'if [ -e "$state/thawed" ]; then exit 0; fi',
    'code=0',
    ...thaw.flatMap((command) => ['(', command, ') || code=$?']),
    'if [ "$code" -eq 0 ] || [ ! -e "$state/held" ]; then : > "$state/thawed"; exit 0; fi',
    // Two that run at once get in each other's way: the one that failed is right if the other one was.
    'sleep 1',
    'if [ -e "$state/thawed" ]; then exit 0; fi',
    'exit "$code"',
  ];
}

/** The script that thaws a server by what its freeze left there; where that has not come yet, it is kept from freezing anything. */
export function thawScript(id: string): string[] {
  return [
    `state=${stateFolder}/${id}`,
    `mkdir -p ${stateFolder} || exit 70`,
    'if mkdir "$state" 2>/dev/null; then : > "$state/over"; exit 0; fi',
    // Its freeze has begun and may be about to write this.
    'if [ ! -e "$state/thaw" ]; then sleep 1; fi',
    'if [ ! -e "$state/thaw" ]; then : > "$state/over"; exit 0; fi',
    'sh "$state/thaw"',
  ];
}

import type { Plan } from '../lib/domain/plan.ts';
import type { SimulatedCloud } from '../sim/create-cloud.ts';
import type { CommandResult, ShellCommand } from '../sim/ssm/ssm.ts';

/** What a server makes of the commands of its plan. */
export interface Manners {
  /** `fails`: ends with an error and freezes nothing; `hangs`: freezes at once and never ends. */
  readonly freeze?: 'works' | 'fails' | 'hangs';
  readonly thaw?: 'works' | 'fails';
  /** What its health commands come to, wherever it runs. */
  readonly health?: 'passes' | 'fails' | 'hangs';
  /** Whether the server thaws by itself, as its script says. Left out: it does. */
  readonly ownClock?: 'works' | 'fails';
  /** How long a freeze takes, 1 s unless given. */
  readonly freezeSeconds?: number;
  /** Whether its application is between two of its transactions: only then does a freeze take hold. */
  readonly isAtRest?: () => boolean;
}

/** What a server keeps in memory of one freeze. */
interface Kept {
  isOver: boolean;
  isFrozen: boolean;
}

const unknownCommand: CommandResult = { exitCode: 127, stderr: 'this server knows no such command' };
const registeringMs = 60_000;
const scriptSeconds = 1;
const restMs = 50;

/**
 * The operating systems of a plan's servers, as far as the scripts of freezing and thawing and health commands go: a model of what those do in a real
 * shell, by the lines that decide it. `test/unit/consistency.test.ts` runs them in one.
 */
export class Guests {
  readonly #cloud: SimulatedCloud;
  readonly #plan: Plan;
  readonly #manners = new Map<string, Manners>();
  /** By instance, then by the folder that the script names. */
  readonly #kept = new Map<string, Map<string, Kept>>();
  readonly #listeners = new Set<(instance: string) => void>();

  constructor(cloud: SimulatedCloud, plan: Plan) {
    this.#cloud = cloud;
    this.#plan = plan;
    const { ssm, ec2 } = cloud.services(plan.primary.region);
    const isManaged = (instance: string) => this.#runs(instance) && !ec2.isCutOff(instance);
    ssm.managedInstances = () =>
      Object.values(plan.servers).flatMap(({ instance }) => (isManaged(instance) ? [instance] : []));
    ssm.onCommand = (command) => this.#run(command);
    const away = cloud.services(plan.recovery.region);
    away.ssm.managedInstances = () => [...away.ec2.state.instances.keys()].filter((id) => this.#hasRegistered(id));
    away.ssm.onCommand = ({ instanceId, lines }) => {
      const { tags = [] } = away.ec2.state.instances.get(instanceId) ?? {};
      return this.#health(tags.find(({ Key }) => Key === 'Name')?.Value ?? '', lines) ?? unknownCommand;
    };
  }

  /** An agent registers some time after its server was launched. */
  #hasRegistered(instance: string): boolean {
    const { runningAt, state } =
      this.#cloud.services(this.#plan.recovery.region).ec2.state.instances.get(instance) ?? {};
    return state === 'running' && runningAt !== undefined && this.#cloud.clock.now() - runningAt >= registeringMs;
  }

  /** `undefined` where that are not the health commands of the server, each as it is or in a shell of its own. */
  #health(server: string, lines: readonly string[]): CommandResult | undefined {
    const { instance = '', health } = this.#plan.servers[server] ?? {};
    const asked = lines.filter((line) => !/^(\(|\) \|\| exit \$\?)$/.test(line));
    if (health?.commands === undefined || asked.join('\n') !== health.commands.join('\n')) return undefined;
    const { health: manner = 'passes' } = this.#manners.get(instance) ?? {};
    if (manner === 'hangs') return { exitCode: 0, seconds: Number.MAX_SAFE_INTEGER };
    return manner === 'passes' ? { exitCode: 0 } : { exitCode: 3, stderr: 'shop.service is inactive' };
  }

  setManners(server: string, manners: Manners): void {
    this.#manners.set(this.#plan.servers[server]?.instance ?? '', manners);
  }

  /** Whether the file systems of an instance take no writes now. */
  isFrozen(instance: string): boolean {
    if (!this.#runs(instance)) this.#kept.delete(instance);
    return [...(this.#kept.get(instance)?.values() ?? [])].some((kept) => kept.isFrozen);
  }

  /** Tells when an instance takes writes again. */
  onThaw(listener: (instance: string) => void): void {
    this.#listeners.add(listener);
  }

  #runs(instance: string): boolean {
    return this.#cloud.services(this.#plan.primary.region).ec2.state.instances.get(instance)?.state === 'running';
  }

  #run({ instanceId, lines }: ShellCommand): CommandResult | Promise<CommandResult> {
    const state = /^state=(\S+)$/.exec(lines[0] ?? '')?.[1];
    if (state === undefined) {
      const [server = ''] = Object.entries(this.#plan.servers).find(([, each]) => each.instance === instanceId) ?? [];
      return this.#health(server, lines) ?? unknownCommand;
    }
    const [, seconds] = lines.map((line) => /^setsid sh .* (\d+) </.exec(line)).find((found) => found !== null) ?? [];
    return seconds === undefined
      ? this.#thaw(instanceId, state)
      : this.#freeze(instanceId, { state, ownSeconds: Number(seconds) });
  }

  #freeze(
    instance: string,
    { state, ownSeconds }: { state: string; ownSeconds: number },
  ): CommandResult | Promise<CommandResult> {
    const { freeze = 'works', ownClock = 'works', freezeSeconds = scriptSeconds } = this.#manners.get(instance) ?? {};
    const known = this.#keptOf(instance).get(state);
    if (known !== undefined) return this.#join(known);
    const kept = { isOver: false, isFrozen: freeze === 'hangs' };
    this.#keptOf(instance).set(state, kept);
    if (ownClock === 'works') this.#cloud.clock.after(ownSeconds * 1_000, () => this.#end(instance, kept));
    if (freeze === 'hangs') return { exitCode: 0, seconds: Number.MAX_SAFE_INTEGER };
    if (freeze === 'fails') return { exitCode: 32, stderr: 'fsfreeze: /data: freeze failed', seconds: freezeSeconds };
    this.#cloud.clock.after(freezeSeconds * 500, () => this.#hold(instance, kept));
    return { exitCode: 0, seconds: freezeSeconds };
  }

  /** A second copy of a freeze ends as the first one does. */
  #join(kept: Kept): Promise<CommandResult> {
    return new Promise((resolve) => {
      const look = () => {
        if (kept.isFrozen || kept.isOver) resolve({ exitCode: kept.isOver ? 1 : 0, seconds: scriptSeconds });
        else this.#cloud.clock.after(restMs, look);
      };
      look();
    });
  }

  #hold(instance: string, kept: Kept): void {
    const { isAtRest = () => true } = this.#manners.get(instance) ?? {};
    if (isAtRest()) kept.isFrozen = !kept.isOver;
    else this.#cloud.clock.after(restMs, () => this.#hold(instance, kept));
  }

  /** A thaw that comes before its freeze keeps that from freezing anything. */
  #thaw(instance: string, state: string): CommandResult {
    const kept = this.#keptOf(instance).get(state);
    if (kept !== undefined) return { ...this.#end(instance, kept), seconds: scriptSeconds };
    this.#keptOf(instance).set(state, { isOver: true, isFrozen: false });
    return { exitCode: 0, seconds: scriptSeconds };
  }

  #end(instance: string, kept: Kept): CommandResult {
    kept.isOver = true;
    if (!kept.isFrozen) return { exitCode: 0 };
    if (this.#manners.get(instance)?.thaw === 'fails')
      return { exitCode: 1, stderr: 'fsfreeze: /data: unfreeze failed' };
    kept.isFrozen = false;
    for (const listener of this.#listeners) listener(instance);
    return { exitCode: 0 };
  }

  #keptOf(instance: string): Map<string, Kept> {
    const kept = this.#kept.get(instance) ?? new Map<string, Kept>();
    this.#kept.set(instance, kept);
    return kept;
  }
}

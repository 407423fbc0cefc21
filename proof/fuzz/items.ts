import fc from 'fast-check';
import { attemptsOf, hasRead } from './attempts.ts';
import { broken, complaintOf } from './examine.ts';
import { type FuzzGround, Ground, type Invoked } from './ground.ts';
import { type Edits, edits, mutated } from './mutate.ts';
import { nameOf, type RawItem } from '../raw-table.ts';
import { isBlock } from './right-inputs.ts';
import { type Probe, type Scene, sceneNames, scenes } from './scenes.ts';
import { type FuzzCount, type FuzzRuns, tally, type Verdict } from './tally.ts';

export interface FuzzItemsOptions extends FuzzGround {
  /** How many of the scenes, from the first on; all of them unless given. */
  readonly scenesMax?: number;
  /** Recovery points taken before the first scene. */
  readonly pointsBefore?: number;
}

/** A change to one item that one step reads. */
interface Break {
  readonly pair: number;
  readonly edits: Edits;
  /** Whether the item is gone altogether. */
  readonly isGone: boolean;
}

/** What was made just before is seen by then, and what was pending is complete. */
const settledMs = 120_000;

const breaks: fc.Arbitrary<Break> = fc.record({ pair: fc.nat(), edits, isGone: fc.nat(30).map((of) => of === 0) });

/**
 * Items of the table as nobody wrote them, under every step that reads them at thirteen moments of a plan's life. A step goes on as
 * it would have, or is refused by a name; it never touches in AWS what it would not have touched with the right item.
 */
export async function fuzzItems(
  runs: FuzzRuns,
  { scenesMax = sceneNames.length, pointsBefore, ...options }: FuzzItemsOptions,
): Promise<FuzzCount> {
  const ground = await Ground.open({ ...options, seed: runs.seed });
  const life = scenes(ground, pointsBefore);
  let held: HeldScene | undefined;
  let reached = -1;
  try {
    const perScene = Math.ceil(runs.runs / scenesMax);
    return await tally('items', runs, breaks, async (each, index) => {
      const wanted = Math.min(scenesMax - 1, Math.floor(index / perScene));
      while (reached < wanted || held === undefined) {
        ground.isFrozen = false;
        const { value } = await life.next();
        await ground.stage.clock.advance(settledMs);
        if (value === undefined) throw new Error('the life of the plan is over');
        ground.isFrozen = true;
        held = await HeldScene.of(ground, value as Scene);
        reached += 1;
      }
      return held.judge(each);
    });
  } finally {
    ground.close();
  }
}

/** What a step does with the right items. */
interface Control {
  readonly probe: Probe;
  readonly attempts: ReadonlySet<string>;
}

/** A step, and an item that it reads. */
interface Pair {
  readonly control: Control;
  readonly item: RawItem;
}

/** A moment that is held while items are broken and put right again. */
class HeldScene {
  readonly #ground: Ground;
  readonly #name: string;
  readonly #before: ReadonlyMap<string, RawItem>;
  readonly #pairs: readonly Pair[];

  private constructor(ground: Ground, name: string, before: ReadonlyMap<string, RawItem>, pairs: readonly Pair[]) {
    this.#ground = ground;
    this.#name = name;
    this.#before = before;
    this.#pairs = pairs;
  }

  /** Runs every step once with the right items, to see what it reads and tries. */
  static async of(ground: Ground, { name, probes }: Scene): Promise<HeldScene> {
    const { stage, table } = ground;
    const items = await stage.clock.settle(table.items());
    const before = new Map(items.map((item) => [nameOf(item), item]));
    const pairs: Pair[] = [];
    for (const probe of probes) {
      const { calls } = await ground.invoke(probe.step, probe.payload);
      await stage.clock.settle(table.restore(before, calls));
      const control = { probe, attempts: attemptsOf(calls) };
      pairs.push(...items.filter((item) => hasRead(calls, item)).map((item) => ({ control, item })));
    }
    if (pairs.length === 0) throw new Error(`no step reads anything in scene ${name}`);
    return new HeldScene(ground, name, before, pairs);
  }

  async judge({ pair, edits: changes, isGone }: Break): Promise<Verdict> {
    const { stage, table } = this.#ground;
    const chosen = this.#pairs[pair % this.#pairs.length];
    if (chosen === undefined) throw new Error('there must be pairs');
    const { control, item } = chosen;
    const { pk, sk, ...fields } = item;
    const change = mutated(fields, changes);
    const other = { ...(isBlock(change) ? change : { value: change }), pk, sk };
    try {
      await stage.clock.settle(isGone ? table.remove(item) : table.put(other));
    } catch {
      return { kind: 'refused', name: 'by DynamoDB itself' };
    }
    const invoked = await this.#ground.invoke(control.probe.step, control.probe.payload);
    await stage.clock.settle(table.put(item).then(() => table.restore(this.#before, invoked.calls)));
    const at = `${control.probe.step} ${this.#name}, ${nameOf(item)}: `;
    const calls = invoked.calls.filter(({ input }) => !this.#ground.tokens.has(input['ClientToken']));
    const verdict = verdictOf({ ...invoked, calls }, { item, attempts: control.attempts, isGone });
    if (verdict.kind !== 'broken') return verdict;
    return broken(`${at}${verdict.what} ${isGone ? 'without the item' : `with ${JSON.stringify(other)}`}`);
  }
}

/** What a step met, and what it tries when everything is right. */
export interface Met {
  readonly item: RawItem;
  readonly isGone: boolean;
  readonly attempts: ReadonlySet<string>;
}

/** Judges a step that met a broken item. */
export function verdictOf(invoked: Invoked, { item, isGone, attempts }: Met): Verdict {
  const complaint = complaintOf(invoked);
  if (complaint !== undefined) return broken(complaint);
  const more = [...attemptsOf(invoked.calls)].filter((attempt) => !attempts.has(attempt));
  const isLostNote = isGone && item.sk.startsWith('MADE#');
  const wrong = more.filter((attempt) => !(isLostNote && isMadeAgain(attempt)));
  if (wrong.length > 0) return broken(`it tries ${wrong.join(', ')}`);
  const { outcome } = invoked;
  if (outcome.kind === 'returned') return { kind: 'accepted' };
  const isNamed =
    outcome.name !== 'CatalogueCorrupt' ||
    (outcome.message.includes(nameOf(item)) && / is broken: .{3,}\. Nothing was done/.test(outcome.message));
  return isNamed
    ? { kind: 'refused', name: outcome.name }
    : broken(`the message does not name item and field: ${outcome.message}`);
}

/** A lost note of what was made leads to its being made again, as a lost answer does; the sweep removes the first one. */
function isMadeAgain(attempt: string): boolean {
  return / (CreateSnapshots|CopySnapshot)$|^DeleteItem OP#/.test(attempt);
}

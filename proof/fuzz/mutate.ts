import fc from 'fast-check';
import { nastyText, nastyValue } from './nasty.ts';

type Block = Record<string, unknown>;
type Key = string | number;

/** One change, made at the node that `at` picks, counted over the whole tree. */
interface Edit {
  readonly at: number;
  readonly how: (typeof hows)[number];
  readonly text: string;
  readonly value: unknown;
  readonly pick: number;
}

const hows = ['drop', 'double', 'rename', 'replace', 'replace', 'twist', 'twist', 'add', 'swap', 'wrap'] as const;

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(),
  how: fc.constantFrom(...hows),
  text: nastyText,
  value: nastyValue,
  pick: fc.nat(),
});

export type Edits = readonly Edit[];

/** One to three changes, to be made to whatever is there. */
export const edits: fc.Arbitrary<Edits> = fc.array(edit, { minLength: 1, maxLength: 3 });

export function mutated(real: unknown, changes: Edits): unknown {
  return changes.reduce(apply, structuredClone(real));
}

/** Values that were made from a real one by one to three changes; the real one itself, now and then; and pure random JSON. */
export function mutationsOf(real: unknown): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 40, arbitrary: edits.map((changes) => mutated(real, changes)) },
    { weight: 1, arbitrary: fc.constant(real) },
    { weight: 3, arbitrary: nastyValue },
  );
}

/** A place in a tree: the block or list that holds it, and its name there. */
interface Place {
  readonly parent: Block | unknown[];
  readonly key: Key;
}

function placesOf(node: unknown): Place[] {
  if (!isTree(node)) return [];
  return keysOf(node).flatMap((key) => [{ parent: node, key }, ...placesOf(read({ parent: node, key }))]);
}

function isTree(node: unknown): node is Block | unknown[] {
  return typeof node === 'object' && node !== null && !(node instanceof Uint8Array);
}

function keysOf(node: Block | unknown[]): Key[] {
  return Array.isArray(node) ? [...node.keys()] : Object.keys(node);
}

function read({ parent, key }: Place): unknown {
  return (parent as Block)[key];
}

/** Also a member named `__proto__` becomes the block's own, as `JSON.parse` makes it. */
function write({ parent, key }: Place, value: unknown): void {
  Object.defineProperty(parent, key, { value, writable: true, enumerable: true, configurable: true });
}

function remove({ parent, key }: Place): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else Reflect.deleteProperty(parent, key);
}

/** Makes one change in place. A value without places is replaced. What is put in is a copy: values are drawn from shared lists. */
function apply(root: unknown, { value, ...change }: Edit): unknown {
  const places = placesOf(root);
  const place = places[change.at % Math.max(1, places.length)];
  if (place === undefined) return structuredClone(value);
  const { parent, key } = place;
  const present = read(place);
  const other = places[change.pick % places.length] ?? place;
  switch (change.how) {
    case 'drop':
      remove(place);
      break;
    case 'double':
      if (Array.isArray(parent)) parent.push(structuredClone(present));
      else write({ parent, key: nearMiss(String(key), change.pick) }, structuredClone(present));
      break;
    case 'rename':
      remove(place);
      write({ parent, key: Array.isArray(parent) ? parent.length : nearMiss(String(key), change.pick) }, present);
      break;
    case 'replace':
      write(place, structuredClone(value));
      break;
    case 'twist':
      write(place, twisted(present, change));
      break;
    case 'add':
      write({ parent, key: Array.isArray(parent) ? parent.length : change.text.slice(0, 300) }, structuredClone(value));
      break;
    case 'swap':
      write(place, structuredClone(read(other)));
      break;
    case 'wrap':
      write(place, change.pick % 2 === 0 ? [present] : { [change.text.slice(0, 300)]: present });
      break;
  }
  return root;
}

/** The same kind of value, a little off. */
function twisted(value: unknown, { pick, text }: Pick<Edit, 'pick' | 'text'>): unknown {
  if (typeof value === 'string') return nearMissOrMore(value, pick, text);
  if (typeof value === 'number') return [-value, value + 1, value * 1e6, value + 0.5, String(value), [value]][pick % 6];
  if (typeof value === 'boolean') return [!value, String(value), Number(value), null][pick % 4];
  if (value instanceof Uint8Array) return value.slice(0, pick % (value.length + 1));
  if (Array.isArray(value)) return pick % 2 === 0 ? { ...value } : value.slice(1);
  if (value === null) return ['', 0, false, {}][pick % 4];
  return pick % 2 === 0 ? Object.values(value as Block) : JSON.stringify(value);
}

function nearMissOrMore(value: string, pick: number, text: string): string {
  const at = pick % (value.length + 1);
  return pick % 2 === 0 ? nearMiss(value, pick >> 1) : value.slice(0, at) + text.slice(0, 300) + value.slice(at);
}

/** A name that is taken for the right one at a glance. */
function nearMiss(name: string, pick: number): string {
  const at = (pick >> 3) % Math.max(1, name.length);
  const misses = [
    name.toUpperCase(),
    name.slice(0, at) + name.slice(at + 1),
    `${name} `,
    name.slice(0, at) + (name[at] ?? 'x') + name.slice(at),
    name.replace(/[aeo]/, (letter) => ({ a: '\u0430', e: '\u0435', o: '\u043e' })[letter] ?? letter),
    `${name.slice(0, at)}${name[at] === '0' ? '1' : '0'}${name.slice(at + 1)}`,
    `${name}\u200b`,
    name.split('').toReversed().join(''),
  ];
  return misses[pick % misses.length] ?? name;
}

import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
} from 'yaml';
import type * as z from 'zod';
import { printable, quoted } from '../domain/quoted.ts';

/** One mistake in a file: where it is, and what would be right. `line` and `column` count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Path below the document, such as `plans.shop.protection.every`; empty for the whole file. */
  readonly field: string;
  readonly value: unknown;
  readonly message: string;
}

export type Reading<Value> =
  | { readonly kind: 'read'; readonly value: Value }
  | { readonly kind: 'wrong'; readonly problems: readonly Problem[] };

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** Some thousand servers; reading takes a time that grows with the square of the names in one block. */
const charactersMax = 524_288;
/** More mistakes than these are counted, not shown. */
const problemsMax = 100;

/** Reads a YAML document against a schema. All mistakes are found at once, in the order of their lines. */
export function readDocument<Schema extends z.ZodType>(
  file: string,
  text: string,
  schema: Schema,
): Reading<z.output<Schema>> {
  const whole = (message: string): Reading<never> => ({
    kind: 'wrong',
    problems: [{ file, line: 1, column: 1, field: '', value: undefined, message }],
  });
  if (text.length > charactersMax)
    return whole(`is longer than ${charactersMax} characters. Write its plans into several files.`);
  try {
    return parse(file, text, schema);
  } catch (error) {
    if (error instanceof RangeError) return whole('is nested too deeply. Write plans as examples/shop.yaml does.');
    if (error instanceof ReferenceError)
      return whole('repeats itself too often. Write out what its aliases stand for.');
    throw error;
  }
}

/** @throws RangeError where the nesting is too deep for the stack, which the parser may take for an error of the text; ReferenceError where aliases multiply */
function parse<Schema extends z.ZodType>(file: string, text: string, schema: Schema): Reading<z.output<Schema>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  if (document.errors.some(({ message }) => /call stack|stack overflow/i.test(message))) throw new RangeError('stack');
  const syntax = document.errors.map(({ code, message, pos }) =>
    code === 'DUPLICATE_KEY'
      ? {
          ...at(pos[0]),
          field: /^[^:\n]*/.exec(text.slice(pos[0]))?.[0] ?? '',
          value: undefined,
          message: 'is written twice. Names in one block must differ.',
        }
      : { ...at(pos[0]), field: '', value: undefined, message: `is not YAML: ${message.replace(/\.?$/, '.')}` },
  );
  if (document.errors.some(({ code }) => code !== 'DUPLICATE_KEY')) return wrong(file, syntax);
  const odd = oddKeys(document).map((offset) => ({ ...at(offset), field: '', value: undefined, message: oddKey }));
  if (odd.length > 0) return wrong(file, [...syntax, ...odd]);
  const value: unknown = document.toJS();
  const parsed = schema.safeParse(value);
  const issues = parsed.success ? [] : parsed.error.issues.flatMap(separate);
  const found = issues.map(({ path, message, isKey }) => toProblem(document, value, { path, message, isKey }, at));
  return parsed.success && syntax.length === 0
    ? { kind: 'read', value: parsed.data }
    : wrong(file, [...syntax, ...found]);
}

const oddKey = 'has a name that is not a text. Write names as plain words.';

/** Offsets of names that are blocks, lists or aliases: as names of an object they would be their own text, at any length. */
function oddKeys(document: Document): number[] {
  const offsets: number[] = [];
  visit(document, {
    Pair(_, { key }) {
      if (isScalar(key)) return undefined;
      offsets.push(isNode(key) ? (key.range?.[0] ?? 0) : 0);
      return visit.BREAK;
    },
  });
  return offsets;
}

function wrong(file: string, problems: readonly Problem[]): Reading<never> {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  const more = sorted.slice(problemsMax);
  const [next] = more;
  const count = `has ${more.length} more mistakes. Correct the ones above first.`;
  const rest = next === undefined ? [] : [{ ...next, file, field: '', value: undefined, message: count }];
  return { kind: 'wrong', problems: [...sorted.slice(0, problemsMax), ...rest] };
}

/** `homeward.yaml:12: plans.shop.protection.every: "5 minuts" is not a duration. …`, in one line, whatever the file holds. */
export function formatProblem({ file, line, field, value, message }: Problem): string {
  const isBlock = typeof value === 'object' && value !== null;
  const shown = value === undefined || isBlock || mayBeSecret.test(field) ? '' : `${quoted(value)} `;
  const named = field === '' ? '' : `${printable(field, fieldCharactersMax)}: `;
  return `${printable(file)}:${line}: ${named}${shown}${printable(message)}`;
}

/** What is written there may be a password, and what a check says may stand in the log of a build. */
const mayBeSecret = /\.userData(\.|$)/;

/** The longest path of right names is shorter. */
const fieldCharactersMax = 160;

interface Finding {
  readonly path: Path;
  readonly message: string;
  /** Whether the name of the field is wrong, not its value. */
  readonly isKey: boolean;
}

/** One finding per wrong name; other issues are one finding each. */
function separate(issue: Issue): Finding[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: issue.message, isKey: true }));
  if (issue.code === 'invalid_key')
    return [{ path: issue.path, message: issue.issues[0]?.message ?? issue.message, isKey: true }];
  return [{ path: issue.path, message: issue.message, isKey: false }];
}

function toProblem(
  document: Document,
  root: unknown,
  finding: Finding,
  at: (offset: number) => Omit<Problem, 'field' | 'value' | 'message'>,
): Problem {
  const { path, isKey } = finding;
  const value = isKey ? undefined : valueAt(root, path);
  const message = value === undefined && !isKey ? finding.message.replace(/^.*?\. /, 'is missing. ') : finding.message;
  return { ...at(offsetOf(document, path, isKey)), field: path.map(String).join('.'), value, message };
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Record<PropertyKey, unknown>)[step]
        : undefined,
    root,
  );
}

/** Offset of the value at `path`; of its key when the name is wrong, or the value is a block or missing. */
function offsetOf(document: Document, path: Path, isKey: boolean): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const [index, step] of path.entries()) {
    const found = child(document, node, step);
    if (found === undefined) break;
    node = found.value;
    const scalar = isNode(node) && !isCollection(node) ? node : undefined;
    const isWrongName = isKey && index === path.length - 1;
    offset = (isWrongName ? undefined : scalar?.range?.[0]) ?? found.offset ?? offset;
  }
  return offset;
}

function child(
  document: Document,
  parent: unknown,
  step: PropertyKey,
): { value: unknown; offset: number | undefined } | undefined {
  const node = isAlias(parent) ? parent.resolve(document) : parent;
  if (!isCollection(node)) return undefined;
  if (!isMap(node)) {
    const value = node.items[Number(step)] as Node | undefined;
    return value === undefined ? undefined : { value, offset: value.range?.[0] };
  }
  const pair = node.items.find(({ key }) => String(key) === String(step));
  if (!isPair(pair)) return undefined;
  return { value: pair.value, offset: isNode(pair.key) ? pair.key.range?.[0] : undefined };
}

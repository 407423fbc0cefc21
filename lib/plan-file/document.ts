import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
} from 'yaml';
import type { z } from 'zod';

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

/** Reads a YAML document against a schema. All mistakes are found at once, in the order of their lines. */
export function readDocument<Schema extends z.ZodType>(
  file: string,
  text: string,
  schema: Schema,
): Reading<z.output<Schema>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
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
  if (document.errors.some(({ code }) => code !== 'DUPLICATE_KEY')) return { kind: 'wrong', problems: syntax };
  const value: unknown = document.toJS();
  const parsed = schema.safeParse(value);
  const issues = parsed.success ? [] : parsed.error.issues.flatMap(separate);
  const wrong = issues.map(({ path, message, isKey }) => toProblem(document, value, { path, message, isKey }, at));
  const problems = [...syntax, ...wrong].toSorted((a, b) => a.line - b.line || a.column - b.column);
  return parsed.success && problems.length === 0 ? { kind: 'read', value: parsed.data } : { kind: 'wrong', problems };
}

/** `homeward.yaml:12: plans.shop.protection.every: "5 minuts" is not a duration. …` */
export function formatProblem({ file, line, field, value, message }: Problem): string {
  const shown = value === undefined || (typeof value === 'object' && value !== null) ? '' : `${JSON.stringify(value)} `;
  return `${file}:${line}: ${field === '' ? '' : `${field}: `}${shown}${message}`;
}

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
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[step] : undefined,
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

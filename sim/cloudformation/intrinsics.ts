import { NotModelled } from '../service.ts';

/** What a created resource answers to Ref and Fn::GetAtt. */
export interface Created {
  readonly ref: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** What intrinsic functions of one stack resolve against. */
export interface Scope {
  /** `AWS::Region` and the like, and the template's parameters. */
  readonly values: ReadonlyMap<string, string>;
  readonly created: ReadonlyMap<string, Created>;
  readonly conditions: Readonly<Record<string, unknown>>;
}

type Intrinsic = (argument: unknown, scope: Scope) => unknown;

/** Stands for `AWS::NoValue`: the property is left out. */
const NO_VALUE = Symbol('AWS::NoValue');

const INTRINSICS: Record<string, Intrinsic> = {
  Ref: (name, scope) => reference(String(name), scope),
  'Fn::GetAtt': (argument, scope) => {
    const [id = '', ...path] = Array.isArray(argument) ? argument.map(String) : String(argument).split('.');
    return attribute(id, path.join('.'), scope);
  },
  'Fn::Join': (argument, scope) => {
    const [separator, parts] = argument as [string, unknown];
    return (resolve(parts, scope) as unknown[]).map(String).join(separator);
  },
  'Fn::Sub': substitute,
  'Fn::Select': (argument, scope) => {
    const [index, list] = resolve(argument, scope) as [number | string, unknown[]];
    const chosen = list[Number(index)];
    if (chosen === undefined) throw new Error(`Fn::Select has no element ${index}`);
    return chosen;
  },
  'Fn::Split': (argument, scope) => {
    const [separator, text] = resolve(argument, scope) as [string, string];
    return text.split(separator);
  },
  'Fn::If': (argument, scope) => {
    const [name, whenTrue, whenFalse] = argument as [string, unknown, unknown];
    return resolveOrNothing(holds(scope.conditions[name], scope) ? whenTrue : whenFalse, scope);
  },
};

/** The value with every intrinsic function replaced by what it stands for. */
export function resolve(value: unknown, scope: Scope): unknown {
  const resolved = resolveOrNothing(value, scope);
  return resolved === NO_VALUE ? undefined : resolved;
}

function resolveOrNothing(value: unknown, scope: Scope): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    return value.map((inner) => resolveOrNothing(inner, scope)).filter((inner) => inner !== NO_VALUE);
  }
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined && (only[0] === 'Ref' || only[0].startsWith('Fn::'))) {
    const intrinsic = INTRINSICS[only[0]];
    if (intrinsic === undefined) throw new NotModelled(`the template function ${only[0]}`);
    return intrinsic(only[1], scope);
  }
  const kept = entries.map(([key, inner]) => [key, resolveOrNothing(inner, scope)] as const);
  return Object.fromEntries(kept.filter(([, inner]) => inner !== NO_VALUE));
}

function reference(name: string, scope: Scope): unknown {
  if (name === 'AWS::NoValue') return NO_VALUE;
  const value = scope.values.get(name) ?? scope.created.get(name)?.ref;
  if (value === undefined) throw new NotModelled(`Ref to ${name}`);
  return value;
}

function attribute(id: string, name: string, scope: Scope): string {
  const value = scope.created.get(id)?.attributes?.[name];
  if (value === undefined) throw new NotModelled(`Fn::GetAtt ${id}.${name}`);
  return value;
}

function substitute(argument: unknown, scope: Scope): string {
  const [text, own] = (Array.isArray(argument) ? argument : [argument, {}]) as [string, Record<string, unknown>];
  return text.replace(/\$\{(!?)([^}]+)\}/g, (whole, literal: string, name: string) => {
    if (literal === '!') return whole.replace('!', '');
    if (name in own) return String(resolve(own[name], scope));
    const [id = '', ...path] = name.split('.');
    return path.length > 0 ? attribute(id, path.join('.'), scope) : String(reference(name, scope));
  });
}

/** Whether a condition of the template holds. */
export function holds(condition: unknown, scope: Scope): boolean {
  const [name = '', argument] = Object.entries(condition as object)[0] ?? [];
  const all = () => argument as unknown[];
  if (name === 'Fn::And') return all().every((inner) => holds(inner, scope));
  if (name === 'Fn::Or') return all().some((inner) => holds(inner, scope));
  if (name === 'Fn::Not') return !holds(all()[0], scope);
  if (name === 'Condition') return holds(scope.conditions[String(argument)], scope);
  if (name !== 'Fn::Equals') throw new NotModelled(`the condition function ${name}`);
  const [left, right] = resolve(argument, scope) as [unknown, unknown];
  return left === right;
}

/** Logical ids and parameters that a value refers to. */
export function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'Ref') return [String(inner)];
    if (key === 'Fn::GetAtt') return [String(Array.isArray(inner) ? inner[0] : inner).split('.')[0] ?? ''];
    if (key !== 'Fn::Sub') return referencesIn(inner);
    const text = String(Array.isArray(inner) ? inner[0] : inner);
    const named = [...text.matchAll(/\$\{([^!}.]+)[^}]*\}/g)].map((match) => match[1] ?? '');
    return [...named, ...referencesIn(Array.isArray(inner) ? inner[1] : undefined)];
  });
}

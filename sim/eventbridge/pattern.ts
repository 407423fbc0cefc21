import { AwsError, NotModelled } from '../service.ts';

/** An event pattern: the same shape as the events it matches, with lists of what a value may be at its leaves. */
export type EventPattern = Readonly<Record<string, unknown>>;

type Test = (value: unknown, isPresent: boolean) => boolean;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Builds the matcher of a pattern: exact values, `prefix`, `anything-but` and `exists`; any other filter is refused by name.
 * @throws AwsError InvalidEventPatternException where a leaf is not a list
 */
export function matcherOf(pattern: EventPattern): (event: object) => boolean {
  const matches = fieldsOf(pattern, []);
  return (event) => matches(event);
}

function fieldsOf(pattern: EventPattern, path: readonly string[]): (value: unknown) => boolean {
  const fields = Object.entries(pattern).map(([name, expected]) => {
    if (name === '$or') throw new NotModelled('$or in event patterns');
    return { name, matches: fieldOf(expected, [...path, name]) };
  });
  if (fields.length === 0) throw invalidPattern(path, 'must not be empty');
  const matchesOne = (value: unknown) =>
    isObject(value) && fields.every(({ name, matches }) => matches(value[name], name in value));
  // A missing parent is an object without members, so that `exists: false` below it holds.
  return (value) => (Array.isArray(value) ? value.some(matchesOne) : matchesOne(value ?? {}));
}

function fieldOf(expected: unknown, path: readonly string[]): Test {
  if (isObject(expected)) return fieldsOf(expected, path);
  if (!Array.isArray(expected)) throw invalidPattern(path, 'must be an object or a list');
  if (expected.length === 0) throw invalidPattern(path, 'must not be an empty list');
  const tests = expected.map((each: unknown) => leafOf(each, path));
  return (value, isPresent) => {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    return tests.some((test) => values.some((each) => test(each, isPresent)));
  };
}

function leafOf(expected: unknown, path: readonly string[]): Test {
  if (Array.isArray(expected)) throw invalidPattern(path, 'must not hold a list in a list');
  if (!isObject(expected)) return (value, isPresent) => isPresent && value === expected;
  const [entry, ...others] = Object.entries(expected);
  if (entry === undefined || others.length > 0) throw invalidPattern(path, 'must hold one filter per object');
  const [filter, operand] = entry;
  if (filter === 'prefix' && typeof operand === 'string') return prefixTest(operand);
  if (filter === 'exists' && typeof operand === 'boolean') return (_value, isPresent) => isPresent === operand;
  if (filter === 'anything-but') return anythingBut(operand, path);
  throw new NotModelled(`the filter ${JSON.stringify(expected)} of event patterns (at ${path.join('.')})`);
}

function prefixTest(prefix: string): Test {
  return (value) => typeof value === 'string' && value.startsWith(prefix);
}

function anythingBut(operand: unknown, path: readonly string[]): Test {
  if (isObject(operand)) {
    const { prefix, ...others } = operand;
    if (typeof prefix !== 'string' || Object.keys(others).length > 0) {
      throw new NotModelled(`anything-but ${JSON.stringify(operand)} of event patterns (at ${path.join('.')})`);
    }
    const hasPrefix = prefixTest(prefix);
    return (value, isPresent) => isPresent && !hasPrefix(value, isPresent);
  }
  const excluded: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  return (value, isPresent) => isPresent && !excluded.includes(value);
}

function invalidPattern(path: readonly string[], reason: string): AwsError {
  return new AwsError(
    'InvalidEventPatternException',
    `Event pattern is not valid. Reason: ${path.map((name) => JSON.stringify(name)).join('.')} ${reason}`,
  );
}

import { AwsError, NotModelled } from '../service.ts';

/** The item, or the error AWS answers for an id it does not know. */
export function found<Item>(
  items: ReadonlyMap<string, Item>,
  id: string | undefined,
  code: string,
  noun: string,
): Item {
  const item = id === undefined ? undefined : items.get(id);
  if (item === undefined) throw new AwsError(code, `The ${noun} '${id}' does not exist`);
  return item;
}

/** Those items whose ids were asked for, or all. @throws AwsError with `code` for the first unknown id */
export function select<Item>(
  items: ReadonlyMap<string, Item>,
  ids: readonly string[] | undefined,
  code: string,
  noun: string,
): Item[] {
  return ids === undefined || ids.length === 0 ? [...items.values()] : ids.map((id) => found(items, id, code, noun));
}

export function missing(name: string): AwsError {
  return new AwsError('MissingParameter', `The request must contain the parameter ${name}`);
}

export function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValue', message);
}

/** @throws NotModelled for a member that is set and not in `known` */
export function refuseOthers(what: string, given: object | undefined, known: readonly string[]): void {
  const other = Object.entries(given ?? {}).find(([name, value]) => value !== undefined && !known.includes(name));
  if (other !== undefined) throw new NotModelled(`${what}.${other[0]}`);
}

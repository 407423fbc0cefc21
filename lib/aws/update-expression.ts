/** Attributes and their new values; `servers.web` is one inside another. */
export type Fields = Readonly<Record<string, unknown>>;

/** Each named attribute (`epoch`, or `lease.operation` inside another) has the value; `undefined`: it does not exist yet. */
export type Condition = Readonly<Record<string, unknown>>;

/** Instead of a value in fields: it comes to the end of a list, which begins with it where there is none. */
export class Appended {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** Instead of a value in a condition: the attribute has any other one. */
export class OtherThan {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** DynamoDB's parameters for setting some attributes of an item, or none, under a condition; every name and value by alias. */
export function updateExpression(fields: Fields, condition: Condition) {
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  const alias = (path: string) =>
    path
      .split('.')
      .map((part) => {
        const known = Object.entries(names).find(([, name]) => name === part);
        const name = known?.[0] ?? `#n${Object.keys(names).length}`;
        names[name] = part;
        return name;
      })
      .join('.');
  const valueOf = (value: unknown) => {
    const name = `:v${Object.keys(values).length}`;
    values[name] = value;
    return name;
  };
  const set = Object.entries(fields).map(([path, value]) => {
    const name = alias(path);
    if (!(value instanceof Appended)) return `${name} = ${valueOf(value)}`;
    return `${name} = list_append(if_not_exists(${name}, ${valueOf([])}), ${valueOf([value.value])})`;
  });
  const conditions = Object.entries(condition).map(([path, value]) => {
    const name = alias(path);
    if (value === undefined) return `attribute_not_exists(${name})`;
    return value instanceof OtherThan ? `${name} <> ${valueOf(value.value)}` : `${name} = ${valueOf(value)}`;
  });
  return {
    ...(set.length === 0 ? {} : { UpdateExpression: `SET ${set.join(', ')}` }),
    ...(conditions.length === 0 ? {} : { ConditionExpression: conditions.join(' AND ') }),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}

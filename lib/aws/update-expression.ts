/** Attributes and their new values; `servers.web` is one inside another. */
export type Fields = Readonly<Record<string, unknown>>;

/** Each named attribute (`epoch`, or `lease.operation` inside another) has the value; `undefined`: it does not exist yet. */
export type Condition = Readonly<Record<string, unknown>>;

/** DynamoDB's parameters for setting some attributes of an item, under a condition; every name and value by alias. */
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
  const set = Object.entries(fields).map(([path, value]) => `${alias(path)} = ${valueOf(value)}`);
  const conditions = Object.entries(condition).map(([path, value]) =>
    value === undefined ? `attribute_not_exists(${alias(path)})` : `${alias(path)} = ${valueOf(value)}`,
  );
  return {
    UpdateExpression: `SET ${set.join(', ')}`,
    ...(conditions.length === 0 ? {} : { ConditionExpression: conditions.join(' AND ') }),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}

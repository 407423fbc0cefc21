import fc from 'fast-check';

/** Texts that have hurt programs before: terminals, logs, mails, web pages and JavaScript objects. */
const texts = [
  '',
  ' ',
  '\u0000',
  '\u0007\b\u007f\u009b31m',
  '\u001b[31mred\u001b[0m',
  '\u001b]0;title\u0007',
  '\u001b[2J\u001b[H',
  'one\ntwo\r\nthree\rfour',
  '{"level":"error"}\n{"level":"info","message":"forged"}',
  'shop\u2028line\u2029',
  '\u202egnp.exe\u202c',
  '\u2066shop\u2069\u200f',
  'sh\u200bop\ufeff',
  '\u0455hop',
  'ｓｈｏｐ',
  'shöp 💾',
  '\ud800',
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '[click](javascript:alert(1)) **bold** `code`',
  '=HYPERLINK("http://example.com")',
  '${jndi:ldap://example.com}',
  '{{7*7}}',
  "'; DROP TABLE plans; --",
  '../../../../etc/passwd',
  '$(reboot)',
  '%s%s%n',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'NaN',
  'Infinity',
  'undefined',
  'null',
  'true',
  '1e999',
  '$.plan',
  'States.ALL',
  'latest ',
  'Latest',
  'rp-20260105T100000Z-aaaaaa',
  'rp-99999999T999999Z-x',
] as const;

const dates = [
  '2026-02-30T10:00:00Z',
  '2026-13-45T99:99:99Z',
  '2026-01-05',
  '2026-01-05T10:00:00',
  '2026-01-05T10:00:00+25:00',
  '0000-00-00T00:00:00.000Z',
  '+275760-09-13T00:00:00.001Z',
  'yesterday',
  'Mon, 05 Jan 2026 10:00:00 GMT',
] as const;

const numbers = [
  0,
  -0,
  -1,
  1,
  0.1,
  -1e308,
  1e308,
  5e-324,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53,
  2 ** 53 + 2,
  1e21,
] as const;

const longText = fc
  .record({
    unit: fc.constantFrom('a', '\u001b[31m', 'ä', '\n', '💾', '"\\'),
    times: fc.constantFrom(300, 5_000, 20_000),
  })
  .map(({ unit, times }) => unit.repeat(times));

export const nastyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...texts) },
  { weight: 2, arbitrary: fc.constantFrom(...dates) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 1, arbitrary: longText },
);

/** What is repeated inside itself: `{"a":{"a":…}}` or `[[…]]`. */
const nested = fc.record({ depth: fc.constantFrom(3, 30, 400), isList: fc.boolean() }).map(({ depth, isList }) => {
  let value: unknown = 'deep';
  for (let level = 0; level < depth; level += 1) value = isList ? [value] : { a: value };
  return value;
});

/** A value where another was meant. */
export const nastyValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: nastyText },
  { weight: 4, arbitrary: fc.constantFrom<unknown>(null, true, false, [], {}, [null], [[]], { '': '' }) },
  { weight: 3, arbitrary: fc.constantFrom<unknown>(...numbers) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: nested },
);

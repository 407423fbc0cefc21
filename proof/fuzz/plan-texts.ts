import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { mutationsOf } from './mutate.ts';
import { nastyText } from './nasty.ts';

/** Pieces of YAML that readers stumble over. */
const pieces = [
  '\t',
  '\ufeff',
  '\r\n',
  '---\n',
  '...\n',
  '%YAML 1.1\n',
  '%TAG ! tag:example.com,2000:\n',
  '<<: *base\n',
  '&base ',
  '*base ',
  '*missing ',
  '!!binary ',
  '!!timestamp ',
  '!!js/function ',
  '!<tag:yaml.org,2002:set> ',
  '? ',
  ': ',
  '- ',
  '| ',
  '>-\n',
  '# ',
  '"',
  "'",
  '{',
  '}',
  '[',
  ']',
  ',',
  '@',
  '`',
  '\0',
  '__proto__: {polluted: true}\n',
  'constructor: {prototype: 1}\n',
  '.inf',
  '.nan',
  '0x7f',
  '0o17',
  '1_000',
  '12:30:45',
  'yes',
  '~',
] as const;

/** Nine aliases of nine aliases of …: small to write, billions to read. */
const bomb = `a: &a [x, x, x, x, x, x, x, x, x]
${[...'bcdefghij'].map((name, index) => `${name}: &${name} [${`*${'abcdefghij'[index]}, `.repeat(9)}]`).join('\n')}
`;
const deep = [400, 3_000].flatMap((depth) => [
  '['.repeat(depth),
  '- '.repeat(depth),
  '? '.repeat(depth),
  '{a: '.repeat(depth),
]);

const edit = fc.record({
  how: fc.constantFrom(
    'insert',
    'insert',
    'cut',
    'line twice',
    'swap lines',
    'truncate',
    'tab',
    'wide',
    'bomb',
    'deep',
    'anchor',
  ),
  at: fc.nat(),
  span: fc.integer({ min: 1, max: 40 }),
  piece: fc.oneof(fc.constantFrom(...pieces), nastyText),
  hole: fc.constantFrom(...deep),
});

function apply(
  text: string,
  { how, at, span, piece, hole }: typeof edit extends fc.Arbitrary<infer Edit> ? Edit : never,
): string {
  const place = at % (text.length + 1);
  const lines = text.split('\n');
  const line = at % lines.length;
  const here = lines[line] ?? '';
  const withLine = (...changed: string[]) => [...lines.slice(0, line), ...changed, ...lines.slice(line + 1)].join('\n');
  switch (how) {
    case 'insert':
      return text.slice(0, place) + piece + text.slice(place);
    case 'cut':
      return text.slice(0, place) + text.slice(place + span);
    case 'line twice':
      return withLine(here, here);
    case 'swap lines':
      return withLine(lines[(line + span) % lines.length] ?? '', here);
    case 'truncate':
      return text.slice(0, place);
    case 'tab':
      return withLine(here.replace(/^ {1,2}/, '\t'));
    case 'wide':
      return at % 2 === 0 ? `\ufeff${text}` : text.replaceAll('\n', '\r\n');
    case 'bomb':
      return at % 2 === 0 ? bomb + text : `${bomb}plans: *j\n`;
    case 'deep':
      return at % 2 === 0 ? hole : withLine(`${here} ${hole}`);
    case 'anchor':
      return withLine(here.replace(/: ?/, ': &base '), here.replace(/^( *).*$/, '$1<<: *base'));
    default:
      return text;
  }
}

/** Texts that a file might hold instead of `real`: its document changed and written anew, or its letters changed. */
export function textsLike(real: string): fc.Arbitrary<string> {
  const trees = mutationsOf(parse(real)).map((value) => stringify(value) ?? '');
  const edited = fc.array(edit, { minLength: 1, maxLength: 3 }).map((edits) => edits.reduce(apply, real));
  return fc.oneof(
    { weight: 5, arbitrary: trees },
    { weight: 5, arbitrary: edited },
    { weight: 1, arbitrary: fc.oneof(nastyText, fc.string({ unit: 'binary', maxLength: 200 })) },
  );
}

/** How much of something that was typed or read a message repeats, in characters. */
const shownMax = 80;
/** The longest text that is passed on from elsewhere, such as an answer of AWS, in characters. */
const printableMax = 2_000;

/**
 * A value as a message shows it: in quotes, in one line of printable ASCII, at most {@link shownMax} characters of it. Control
 * characters, terminal escapes, marks that turn the direction of text, and letters that only look like others are written as
 * `\u001b`, so that what is shown is what is there. Of a block or list only its kind is said.
 */
export function quoted(value: unknown): string {
  if (typeof value === 'string')
    return `"${printable(JSON.stringify(value.slice(0, shownMax)).slice(1, -1))}${value.length > shownMax ? '...' : ''}"`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'a block';
  return String(value).slice(0, shownMax);
}

/** A text in one line of at most `charactersMax` characters of printable ASCII; everything else is written as `\u001b`. */
export function printable(text: string, charactersMax = printableMax): string {
  const shown = text.slice(0, charactersMax).replaceAll(/[^\x20-\x7e]/g, escaped);
  const isCut = text.length > charactersMax || shown.length > charactersMax;
  return isCut ? `${shown.slice(0, charactersMax)}...` : shown;
}

/** One UTF-16 unit; half of a pair stands alone. */
function escaped(unit: string): string {
  const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
  return short[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

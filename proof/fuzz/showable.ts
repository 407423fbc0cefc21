/**
 * Whether a text shows on any terminal, in any mail and in any log as what it is: one line of printable ASCII. Written apart
 * from the code that escapes.
 */
export function isShowable(text: string, { alsoArrow = false } = {}): boolean {
  return [...text].every((character) => {
    const code = character.codePointAt(0) ?? 0;
    return (code >= 32 && code <= 126) || (alsoArrow && character === '→');
  });
}

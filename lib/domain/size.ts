/** A size as people write it, such as `8 GiB`. */
export const sizePattern = /^[1-9]\d{0,6} (KiB|MiB|GiB|TiB)$/;

const bytesOf = { KiB: 1_024, MiB: 1_024 ** 2, GiB: 1_024 ** 3, TiB: 1_024 ** 4 } as const;

/** Bytes of a size such as `8 GiB`; `undefined` when the text is none. */
export function parseSize(text: string): number | undefined {
  if (!sizePattern.test(text)) return undefined;
  const [count, unit] = text.split(' ');
  return Number(count) * bytesOf[unit as keyof typeof bytesOf];
}

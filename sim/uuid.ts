import type { Cloud } from './cloud.ts';
import type { Random } from './random.ts';

/** Identifiers in the form of UUIDs, from a stream of their own that begins with the first one. */
export function uuidSource(cloud: Cloud, name: string): () => string {
  let random: Random | undefined;
  return () => {
    random ??= cloud.random.fork(name);
    const hex = random.hex(32);
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `4${hex.slice(13, 16)}`,
      `8${hex.slice(17, 20)}`,
      hex.slice(20, 32),
    ].join('-');
  };
}

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** Numbers of a proof with the commit that they tell of; `-dirty` where it was changed. */
export interface KeptNumbers<Numbers> {
  readonly commit: string;
  readonly numbers: Numbers;
}

/** Writes them as JSON; does nothing without a file. */
export function keepNumbers(file: string | undefined, numbers: unknown): void {
  if (file === undefined) return;
  const commit = execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  writeFileSync(file, `${JSON.stringify({ commit, numbers }, null, 2)}\n`);
}

export function keptNumbers<Numbers>(file: string): KeptNumbers<Numbers> | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as KeptNumbers<Numbers>) : undefined;
}

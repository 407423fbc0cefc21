import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { bundleFunctions } from '../../lib/infra/bundle.ts';
import { type Assembly, synthesize } from '../../rehearsal/deploy.ts';
import type { Canary } from './canaries.ts';
import { planOf } from './days.ts';

const root = join(import.meta.dirname, '../..');

/**
 * An assembly of the day's plan whose functions were made from sources with the canary's flaw. `remove` deletes it.
 * @param sound what `bundleFunctions` made of the sources as they are
 */
export async function variantOf(canary: Canary, sound: string): Promise<Assembly> {
  const work = mkdtempSync(join(tmpdir(), 'homeward-canary-'));
  try {
    const sources = join(work, 'sources');
    for (const folder of ['lib', 'lambdas', 'package.json'])
      cpSync(join(root, folder), join(sources, folder), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(sources, 'node_modules'));
    breakSource(join(sources, canary.file), canary);
    const bundler = pathToFileURL(join(sources, 'lib/infra/bundle.ts')).href;
    const own = (await import(bundler)) as { bundleFunctions: typeof bundleFunctions };
    const broken = join(work, 'broken');
    await own.bundleFunctions(broken);
    if (isSame(sound, broken)) throw new Error(`canary "${canary.name}": its flaw is in no function`);
    return await synthesize([planOf(canary.day)], broken);
  } finally {
    rmSync(work, { recursive: true });
  }
}

function breakSource(file: string, { name, find, replace }: Canary): void {
  const text = readFileSync(file, 'utf8');
  const parts = text.split(find);
  if (parts.length !== 2)
    throw new Error(`canary "${name}": its text is ${parts.length - 1} times in the source, not once`);
  writeFileSync(file, parts.join(replace));
}

/** Whether two bundles hold the same code. */
function isSame(one: string, other: string): boolean {
  const [first, second] = [one, other].map((folder) => readFileSync(join(folder, 'index.js'), 'utf8'));
  return first === second;
}

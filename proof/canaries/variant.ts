import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleFunctions } from '../../lib/infra/bundle.ts';
import { shop } from '../shop.ts';
import type { Canary } from './canaries.ts';

const root = join(import.meta.dirname, '../..');

/** An assembly like `assembly` whose functions were made from sources with the canary's flaw. `remove` deletes it. */
export async function variantOf(canary: Canary, assembly: string): Promise<{ directory: string; remove(): void }> {
  const work = mkdtempSync(join(tmpdir(), 'homeward-canary-'));
  const sources = join(work, 'sources');
  for (const folder of ['lib', 'lambdas', 'package.json'])
    cpSync(join(root, folder), join(sources, folder), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(sources, 'node_modules'));
  breakSource(join(sources, canary.file), canary);
  const [sound, broken] = [join(work, 'sound'), join(work, 'broken')];
  bundleFunctions([shop], sound);
  const bundler = pathToFileURL(join(sources, 'lib/infra/bundle.ts')).href;
  const own = (await import(bundler)) as { bundleFunctions: typeof bundleFunctions };
  own.bundleFunctions([shop], broken);
  const directory = join(work, 'assembly');
  cpSync(assembly, directory, { recursive: true });
  replaceAssets(directory, { sound, broken });
  return { directory, remove: () => rmSync(work, { recursive: true, force: true }) };
}

function breakSource(file: string, { name, find, replace }: Canary): void {
  const text = readFileSync(file, 'utf8');
  const parts = text.split(find);
  if (parts.length !== 2)
    throw new Error(`canary "${name}": its text is ${parts.length - 1} times in the source, not once`);
  writeFileSync(file, parts.join(replace));
}

/** An asset is known by its code: the bundle of the sound sources that it is equal to. */
function replaceAssets(directory: string, { sound, broken }: { sound: string; broken: string }): void {
  const brokenOf = new Map(
    globSync('*/*/index.js', { cwd: sound }).map((file) => [
      readFileSync(join(sound, file), 'utf8'),
      join(broken, file),
    ]),
  );
  let replaced = 0;
  for (const file of globSync('asset.*/index.js', { cwd: directory })) {
    const other = brokenOf.get(readFileSync(join(directory, file), 'utf8'));
    if (other === undefined) throw new Error(`${dirname(file)} is no bundle of these sources: synthesize again`);
    const code = readFileSync(other, 'utf8');
    if (code === readFileSync(join(directory, file), 'utf8')) continue;
    writeFileSync(join(directory, file), code);
    replaced += 1;
  }
  if (replaced === 0) throw new Error('the flaw is in no function');
}

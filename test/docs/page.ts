import type { Row } from './render.ts';

/** A heading with what stands below it, up to the next heading of any level. */
export function sections(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let heading = '';
  for (const line of text.split('\n')) {
    heading = /^#+ (.+)$/.exec(line)?.[1] ?? heading;
    found.set(heading, `${found.get(heading) ?? ''}${line}\n`);
  }
  return found;
}

/** The tables of a text: rows of cells, the head first. */
export function tablesOf(text: string): Row[][] {
  const tables: Row[][] = [];
  let open: Row[] | undefined;
  for (const line of text.split('\n')) {
    if (!line.startsWith('|')) {
      open = undefined;
      continue;
    }
    const cells = line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
    if (open === undefined) tables.push((open = []));
    if (!cells.every((cell) => /^:?-+:?$/.test(cell))) open.push(cells);
  }
  return tables;
}

/** The tables of `docs/spec.md` that are made from data, as they must stand there. */
import { type Standing, standings } from '../unit/standings.ts';
import { type Cell, type Happening, happenings, table } from '../unit/transition-table.ts';
import { filesOf, progressionsOf, type State } from './code-facts.ts';

export type Row = readonly string[];

const names = Object.keys(standings) as Standing[];

export function standingRows(): Row[] {
  return names.map((name) => {
    const { phase, activeSite, holder, fence, isCommitted, meaning } = standings[name];
    const lease = isCommitted ? `${holder}, committed` : holder;
    return [`**${name}**`, `\`${phase}\``, activeSite, lease, fenceWords[name] ?? fence, meaning];
  });
}

/** Where the table sets one of several fences that a plan may have there. */
const fenceWords: Partial<Record<Standing, string>> = {
  home: 'none, or left over from a failed undo',
  protecting: 'none, or left over from a failed undo',
  fenced: 'any',
  left: 'any',
  away: 'any',
  owing: 'owed, isolated or waived',
};

export function happeningRows(): Row[] {
  return Object.entries(happenings).map(([name, meaning]) => [`**${name}**`, meaning]);
}

export function transitionRows(): Row[] {
  return (Object.keys(happenings) as Happening[]).map((happening) => [
    `**${happening}**`,
    ...names.map((standing) => cellText(table[happening][standing])),
  ]);
}

export const transitionHead: Row = ['', ...names];

/** `→ standing`, `↑` for the next epoch; `=` where nothing changes; else the code of the refusal. */
function cellText(cell: Cell): string {
  if (typeof cell === 'string') return '=';
  if ('refused' in cell) return `\`${cell.refused}\``;
  const outcome = cell.outcome === undefined ? '' : `, ${cell.outcome}`;
  return `→ ${cell.to}${cell.epoch === 'next' ? ' ↑' : ''}${outcome}`;
}

/** Each task of a state machine in order: state, step, progressions. */
export function progressionRows(states: readonly State[]): Row[] {
  return states
    .filter(({ Type }) => Type === 'Task')
    .map(({ name, step = '' }) => [name, `\`${step}\``, shown(progressionsOfStep(step))]);
}

function progressionsOfStep(step: string): string[] {
  const opened = step.endsWith('/open') ? progressionsOf('lib/domain/new-items.ts') : [];
  return [...opened, ...filesOf(`lib/steps/${step}.ts`).flatMap(progressionsOf)];
}

function shown(texts: readonly string[]): string {
  return texts.length === 0 ? '' : texts.map((text) => `\`${text}\``).join(', ');
}

export function markdown(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

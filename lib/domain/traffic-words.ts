import type { Operation } from './catalogue.ts';
import { isSameRecord, titleOf, type TrafficChange, wordsOf } from './record-set.ts';
import { type ControlChange, tellingOf } from './routing-control.ts';

/** A record that is to change, for people: `shop.example.com from 192.0.2.1 to 198.51.100.7`. */
export function changeWords(change: TrafficChange): string {
  return `${titleOf(change)} from ${wordsOf(change.before).join(', ')} to ${wordsOf(change.after).join(', ')}`;
}

/** What an operation meant to switch, each with what it was and what it was to be; `undefined` where that was nothing. */
export function switchWords({ traffic, controls }: Pick<Operation, 'traffic' | 'controls'>): string | undefined {
  const words = [
    ...traffic.filter(({ before, after }) => !isSameRecord(before, after)).map(changeWords),
    ...tellingOf(controls).map(({ control, before, after }) => `${control} from ${before} to ${after}`),
  ];
  return words.length === 0 ? undefined : words.join('; ');
}

/** Routing controls as they are to be, in words for people. */
export function turnWords(turns: readonly { readonly control: string; readonly state: string }[]): string {
  return turns.map(({ control, state }) => `${control} ${state}`).join(', ');
}

/** Routing controls that an operation was to turn, and does not know to be turned. */
export function unturnedWords(controls: readonly ControlChange[] | undefined): string | undefined {
  const left = tellingOf(controls).filter(({ turnedAt }) => turnedAt === null);
  return left.length === 0 ? undefined : turnWords(left.map(({ control, after }) => ({ control, state: after })));
}

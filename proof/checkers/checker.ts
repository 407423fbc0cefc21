import type { Stage } from '../../rehearsal/stage.ts';
import type { Table } from './table.ts';

/** What a checker is given when everything rests. */
export interface AtRest {
  readonly stage: Stage;
  /** Every item of the catalogue, as the table holds them. */
  readonly table: Table;
}

/** Judges one promise in its own words. Broken promises are lines that begin with the promise's number; none: it was kept. */
export interface Checker {
  readonly name: string;
  /** Looks on from the beginning; what it returns judges, once everything rests, what it saw on the way and what there is. */
  attach(stage: Stage): (rest: AtRest) => string[] | Promise<string[]>;
}

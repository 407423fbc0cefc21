import { Failure } from './failure.ts';
import { printable } from './quoted.ts';

const itemCharactersMax = 300;
const whatCharactersMax = 600;

/** The refusal to work with a broken item. @param item its key, `<pk> / <sk>`; no value is shown, for it may be somebody's user data */
export function corrupt(item: string, what: string): Failure {
  return new Failure(
    'CatalogueCorrupt',
    `Item ${printable(item, itemCharactersMax)} of the catalogue's table is broken: ${printable(what, whatCharactersMax)}. Nothing was done because of it. Correct the item, or restore the table to a time before it broke (point-in-time recovery), then ask for the same again.`,
  );
}

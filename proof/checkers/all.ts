import type { Checker } from './checker.ts';
import { ended } from './ended.ts';
import { evidenced } from './evidenced.ts';
import { kept } from './kept.ts';
import { keptUntilAccepted } from './kept-until-accepted.ts';
import { modelled } from './modelled.ts';
import { noOrphans } from './no-orphans.ts';
import { nothingLost } from './nothing-lost.ts';
import { oneHolder } from './one-holder.ts';
import { oneWriter } from './one-writer.ts';
import { sameTwins } from './same-twins.ts';
import { served } from './served.ts';
import { thawed } from './thawed.ts';
import { untouched } from './untouched.ts';
import { wholePoints } from './whole-points.ts';

export const checkers: readonly Checker[] = [
  oneWriter,
  wholePoints,
  kept,
  keptUntilAccepted,
  nothingLost,
  sameTwins,
  served,
  oneHolder,
  noOrphans,
  thawed,
  untouched,
  ended,
  evidenced,
  modelled,
];

import { entry } from '../../lib/steps/entry.ts';
import { round, roundSchema } from '../../lib/steps/failback/round.ts';

export const handler = entry('failback/round', roundSchema, round);

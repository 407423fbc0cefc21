import { entry } from '../../lib/steps/entry.ts';
import { move, moveSchema } from '../../lib/steps/transfer/move.ts';

export const handler = entry('transfer/move', moveSchema, move);

import { entry } from '../../lib/steps/entry.ts';
import { finishRound, finishRoundSchema } from '../../lib/steps/failback/finish-round.ts';

export const handler = entry('failback/finish-round', finishRoundSchema, finishRound);

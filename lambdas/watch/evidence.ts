import { entry } from '../../lib/steps/entry.ts';
import { evidenceSchema, writeOwedEvidence } from '../../lib/steps/watch/evidence.ts';

export const handler = entry('watch/evidence', evidenceSchema, writeOwedEvidence);

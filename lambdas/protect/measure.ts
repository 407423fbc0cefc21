import { entry } from '../../lib/steps/entry.ts';
import { measure, measureSchema } from '../../lib/steps/protect/measure.ts';

export const handler = entry('protect/measure', measureSchema, measure);

import { entry } from '../../lib/steps/entry.ts';
import { lastPoint, lastPointSchema } from '../../lib/steps/failover/last-point.ts';

export const handler = entry('failover/last-point', lastPointSchema, lastPoint);

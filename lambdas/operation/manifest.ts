import { entry } from '../../lib/steps/entry.ts';
import { manifest, manifestStepSchema } from '../../lib/steps/operation/manifest.ts';

export const handler = entry('operation/manifest', manifestStepSchema, manifest);

import { entry } from '../../lib/steps/entry.ts';
import { commit } from '../../lib/steps/failback/commit.ts';
import { contextSchema } from '../../lib/steps/services.ts';

export const handler = entry('failback/commit', contextSchema, commit);

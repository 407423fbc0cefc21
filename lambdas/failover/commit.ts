import { entry } from '../../lib/steps/entry.ts';
import { commit } from '../../lib/steps/failover/commit.ts';
import { contextSchema } from '../../lib/steps/services.ts';

export const handler = entry('failover/commit', contextSchema, commit);

import { parseStepInput } from '../../lib/steps/entry.ts';
import { probeServers, probesSchema } from '../../lib/steps/waves/probe.ts';

/** Has no AWS client: it may run inside a VPC without endpoints. */
export const handler = (event: unknown) => probeServers(parseStepInput('waves/probe', probesSchema, event));

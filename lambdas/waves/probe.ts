import { parseStepInput } from '../../lib/steps/entry.ts';
import { probeSchema, probeWave } from '../../lib/steps/waves/probe.ts';

/** Has no AWS client: it may run inside a VPC without endpoints. */
export const handler = (event: unknown) =>
  probeWave(() => new Date(), parseStepInput('waves/probe', probeSchema, event));

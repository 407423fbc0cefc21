import { entry } from '../../lib/steps/entry.ts';
import { switchSchema, switchTraffic } from '../../lib/steps/traffic/switch.ts';

export const handler = entry('traffic/switch', switchSchema, switchTraffic);

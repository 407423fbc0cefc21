import { z } from 'zod';
import { name } from './fields.ts';
import { time } from './ids.ts';

/** Whether alarms may start failovers of a plan: an item of the catalogue, `PLAN#<plan>` / `AUTOMATIC`. They may where there is none. */
export const automaticSwitchSchema = z
  .object({ plan: name, isOn: z.boolean(), since: time, by: z.string() })
  .readonly();
export type AutomaticSwitch = z.output<typeof automaticSwitchSchema>;

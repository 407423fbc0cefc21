import * as z from 'zod';
import { name } from './fields.ts';
import { instanceId, time } from './ids.ts';

/** What happened in an operation, and to what: an item of the catalogue, `OP#<operation>` / `EV#<time>#…`. */
export const operationEventSchema = z
  .object({
    at: time,
    /** In words for people. */
    text: z.string(),
    /** Where it happened to one server. */
    server: name.exactOptional(),
    /** How far it has come with that. `started`: AWS was asked to launch or start it. */
    reached: z.enum(['started', 'running', 'healthy']).exactOptional(),
    /** What the server is, where the operation itself does not name it. */
    instance: instanceId.exactOptional(),
    /** Ids of what was created, and the Region in which it is. */
    made: z.array(z.string()).readonly().exactOptional(),
    region: z.string().exactOptional(),
  })
  .readonly();
export type OperationEvent = z.output<typeof operationEventSchema>;
export type MoreOfEvent = Omit<OperationEvent, 'at' | 'text'>;

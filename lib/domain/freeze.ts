import * as z from 'zod';
import { name } from './fields.ts';
import { instanceId, operationIdSchema, pointIdSchema, time } from './ids.ts';

/**
 * The last freeze of a server, noted before it is asked for: whatever becomes of the operation, it says what may have to be thawed. The
 * next one of the server takes its place, once it is thawed.
 */
export const freezeSchema = z
  .object({
    plan: name,
    server: name,
    operation: operationIdSchema,
    /** Names it on the server, too. */
    point: pointIdSchema,
    instance: instanceId,
    requestedAt: time,
    /** The server thaws by itself, at this time or later. */
    endsAt: time,
    /** Ids of the commands that were sent last. */
    command: z.string().nullable(),
    thawCommand: z.string().nullable(),
    /** When it was seen to be frozen. */
    frozenAt: time.nullable(),
    thawRequestedAt: time.nullable(),
    /** When it was seen to be thawed. */
    thawedAt: time.nullable(),
  })
  .readonly();
export type Freeze = z.output<typeof freezeSchema>;

/** A freeze that is about to be asked for, and may hold for so long. */
export function newFreeze(
  of: Pick<Freeze, 'plan' | 'server' | 'operation' | 'point' | 'instance'>,
  now: Date,
  withinSeconds: number,
): Freeze {
  return {
    ...of,
    requestedAt: now.toISOString(),
    endsAt: new Date(now.getTime() + withinSeconds * 1_000).toISOString(),
    command: null,
    thawCommand: null,
    frozenAt: null,
    thawRequestedAt: null,
    thawedAt: null,
  };
}

import * as z from 'zod';
import { name } from './fields.ts';
import { pointIdSchema } from './ids.ts';

/** What launching gives up, as it was known when the operation began. */
export const choiceSchema = z
  .object({
    /** From the oldest of the points to the start of the operation: what was written meanwhile is lost. */
    lossSeconds: z.number(),
    /** Servers that are launched from another point than the rest. */
    servers: z.record(name, pointIdSchema).readonly(),
    /** Points that are newer than the chosen one, newest first, a few at most, and why each is not launched from. */
    passedOver: z.array(z.object({ point: pointIdSchema, why: z.string() }).readonly()).readonly(),
  })
  .readonly();
export type Choice = z.output<typeof choiceSchema>;

/** What an operation launches from. Those that are brought home name the same. */
export interface Launching {
  readonly recoveryPoint: string | null;
  readonly choice?: Choice;
}

/** The point that an operation launches a server from; empty where it launches nothing. */
export function pointOfServer({ recoveryPoint, choice }: Launching, server: string): string {
  return choice?.servers[server] ?? recoveryPoint ?? '';
}

/** Every point that an operation launches from. */
export function pointsOf({ recoveryPoint, choice }: Launching): string[] {
  if (recoveryPoint === null) return [];
  return [...new Set([recoveryPoint, ...Object.values(choice?.servers ?? {})])];
}

/** A choice in words, for those who have to live with it. */
export function choiceLines(recoveryPoint: string, { lossSeconds, servers, passedOver }: Choice): string[] {
  const minutes = Math.ceil(lossSeconds / 60);
  return [
    `launches from ${recoveryPoint}: what was written in the ${minutes} minutes before the start is lost`,
    ...Object.entries(servers).map(([server, point]) => `launches ${server} from ${point}`),
    ...passedOver.map(({ point, why }) => `passes over ${point}: ${why}`),
  ];
}

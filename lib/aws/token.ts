import { createHash } from 'node:crypto';

/**
 * A deterministic token: the same parts give the same 40 hex digits, so that a step that runs twice asks AWS for the same
 * thing (I7). EC2 and EBS accept up to 64 ASCII characters. @source aws-facts [1.10]
 */
export function tokenOf(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 40);
}

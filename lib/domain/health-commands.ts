import type { PlanGroup, PlanServer } from './plan.ts';

/** Whether a server is asked by commands whether it works. */
export function isCommanded({ health }: PlanServer | PlanGroup): boolean {
  return health.commands !== undefined;
}

/** The script that runs every command in a shell of its own, and ends as the first that fails. */
export function healthScript(commands: readonly string[]): string[] {
  return commands.flatMap((command) => ['(', command, ') || exit $?']);
}

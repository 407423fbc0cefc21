import type * as z from 'zod';

/** A broken rule: the field it is shown at, below the plan, and what would be right. */
export interface Broken {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A rule between fields, told of the part of a plan it reads; it is left out while that part is itself wrong. */
export interface Rule {
  readonly brokenBy: (plan: unknown) => readonly Broken[];
}

/** @param brokenBy what of the part is wrong; `false` says nothing */
export function rule<Part extends z.ZodType>(
  part: Part,
  brokenBy: (read: z.output<Part>) => readonly (Broken | false)[],
): Rule {
  return {
    brokenBy(plan) {
      const read = part.safeParse(plan);
      return read.success ? brokenBy(read.data).filter((broken) => broken !== false) : [];
    },
  };
}

import type * as z from 'zod';
import { duration, fields, integer, oneOf } from './fields.ts';
import type { MoveLimit, QuestionRule } from './plan.ts';

const question = fields({ within: duration, otherwise: oneOf('proceed', 'undo') });
const optional = question.exactOptional();

const above = fields({ dollars: integer(0, 1_000_000).exactOptional(), time: duration.exactOptional() }).refine(
  (limits) => Object.keys(limits).length > 0,
  { error: 'names no limit. Write dollars, time, or both.' },
);
const questionAbove = fields({ ...question.shape, above: above.exactOptional() });

/** What a failover and a failback ask people, as a plan file writes it. */
export const failoverQuestions = fields({ owedFence: optional, unhealthy: optional, traffic: optional });
export const failbackQuestions = fields({
  lostLineage: questionAbove.exactOptional(),
  primaryIsSafe: optional,
  unhealthy: optional,
  cutOver: optional,
});

type Written = z.output<typeof question> & Partial<Pick<z.output<typeof questionAbove>, 'above'>>;

/** With the unit of every duration in its field's name. */
export function toQuestions<Name extends string>(
  written: Readonly<Partial<Record<Name, Written>>>,
): Partial<Record<Name, QuestionRule>> {
  const entries = Object.entries<Written | undefined>(written).flatMap(([key, rule]) =>
    rule === undefined ? [] : [[key, toRule(rule)]],
  );
  return Object.fromEntries(entries) as Partial<Record<Name, QuestionRule>>;
}

function toRule({ within, otherwise, above: limit }: Written): QuestionRule & { readonly above?: MoveLimit } {
  const rule = { withinSeconds: within, otherwise };
  if (limit === undefined) return rule;
  const { time: seconds, ...same } = limit;
  return { ...rule, above: { ...same, ...(seconds === undefined ? {} : { seconds }) } };
}

import type { Plan } from '../domain/plan.ts';
import { planFileSchema } from '../domain/plan-schema.ts';
import { type Reading, readDocument } from './document.ts';

/** Reads the text of a plan file: every plan in it, or every mistake. `file` is the name that problems show. */
export function readPlanFile(file: string, text: string): Reading<Plan[]> {
  return readDocument(file, text, planFileSchema);
}

import * as z from 'zod';
import { planFileSchema } from '../domain/plan-schema.ts';

/** JSON Schema of the plan file as people write it, for editors. Rules between fields are checked by `homeward check` only. */
export function planFileJsonSchema(): object {
  return { title: 'Homeward recovery plans', ...z.toJSONSchema(planFileSchema, { io: 'input' }) };
}

import * as z from 'zod';
import { rule } from './rule.ts';

/** Of one network interface, unless AWS raises it. @source VPC guide, quotas */
const groupsMax = 5;

/** Whether people are asked of an owed fence stands in two places, which must say the same; where nobody fences, none is ever owed. */
export const owedFenceRule = rule(
  z.object({
    failover: z.object({
      fence: z.string().default('stop'),
      whenFenceIsOwed: z.string(),
      questions: z.record(z.string(), z.unknown()).default({}),
    }),
  }),
  ({ failover: { fence, whenFenceIsOwed, questions } }) => {
    const isRuled = Object.hasOwn(questions, 'owedFence');
    return [
      fence === 'none' &&
        whenFenceIsOwed !== 'proceed' && {
          path: ['failover', 'whenFenceIsOwed'],
          message:
            'says nothing while failover.fence is none: nobody fences, and the failover goes on. Write "proceed".',
        },
      whenFenceIsOwed === 'ask' &&
        !isRuled && {
          path: ['failover', 'whenFenceIsOwed'],
          message: 'needs a question. Write failover.questions.owedFence with "within" and "otherwise".',
        },
      whenFenceIsOwed !== 'ask' &&
        isRuled && {
          path: ['failover', 'questions', 'owedFence'],
          message: `is never asked while failover.whenFenceIsOwed is ${whenFenceIsOwed}. Write "ask" there, or leave the question out.`,
        },
    ];
  },
);

/** A server is cut off by groups that are there for nothing else. */
export const isolationRule = rule(
  z.object({
    recovery: z.object({ securityGroups: z.record(z.string(), z.unknown()) }),
    failover: z.object({ fence: z.string().default('stop'), isolationGroups: z.array(z.string()).optional() }),
  }),
  ({ recovery: { securityGroups }, failover: { fence, isolationGroups: groups } }) => {
    const path = ['failover', 'isolationGroups'];
    return [
      fence === 'isolate' &&
        groups === undefined && {
          path: ['failover', 'fence'],
          message:
            'has nothing to isolate with. Write failover.isolationGroups: a security group of the primary Region that has no rules.',
        },
      fence !== 'isolate' &&
        groups !== undefined && {
          path,
          message: `are never used while failover.fence is ${fence}. Write "isolate" there, or leave them out.`,
        },
      groups !== undefined &&
        (new Set(groups).size < groups.length || groups.length > groupsMax) && {
          path,
          message: `are not what an interface can have. Name up to ${groupsMax} groups, each once.`,
        },
      ...(groups ?? []).map(
        (group, index) =>
          Object.hasOwn(securityGroups, group) && {
            path: [...path, index],
            message: 'is a group that servers have. Name one without rules, which nothing else has.',
          },
      ),
    ];
  },
);

import * as z from 'zod';
import { type Rule, rule } from './rule.ts';

const arn = z.string().startsWith('arn:');
const inRegion = (key: string, region: string) => key.split(':')[3] === region;

/** The key that copies are made under, and those that older ones are under. */
export const keyRules: readonly Rule[] = [
  rule(z.object({ recovery: z.object({ region: z.string(), key: arn }) }), ({ recovery: { region, key } }) => [
    !inRegion(key, region) && {
      path: ['recovery', 'key'],
      message: `is not a key of ${region}. Name a key of the recovery Region.`,
    },
  ]),
  rule(
    z.object({
      recovery: z.object({ region: z.string(), key: z.string().optional(), formerKeys: z.array(arn) }),
    }),
    ({ recovery: { region, key, formerKeys } }) =>
      formerKeys.flatMap((former, index) => {
        const path = ['recovery', 'formerKeys', index];
        return [
          !inRegion(former, region) && {
            path,
            message: `is not a key of ${region}. Name a key that copies in the recovery Region are under.`,
          },
          former === key && { path, message: 'is recovery.key. Name keys that copies were made under before it.' },
          formerKeys.indexOf(former) < index && { path, message: 'is written twice. Name each key once.' },
        ];
      }),
  ),
];

import { isProbed } from '../domain/automatic.ts';
import { reservationsOf } from '../domain/capacity.ts';
import { hasCommands } from '../domain/consistency.ts';
import { isDrilled } from '../domain/drill.ts';
import { fenceKindOf } from '../domain/fence.ts';
import type { Plan } from '../domain/plan.ts';
import { hasQuestions } from '../domain/question.ts';
import type { StepName } from './step-names.ts';

/** Steps that do other than read and write the catalogue: those that take back what they noted or recorded, and those that do less. */
const catalogueUse: Partial<Record<StepName, readonly string[]>> = {
  'waves/probe': [],
  'failover/guard': ['GetItem', 'Query'],
  'failover/veto': ['GetItem', 'Query'],
  'protect/select': ['GetItem', 'Query', 'UpdateItem'],
  'protect/abort': ['GetItem', 'UpdateItem'],
  'protect/measure': ['GetItem', 'Query'],
  'watch/fences': ['GetItem', 'Query'],
  'watch/kept': ['GetItem', 'Query'],
  'watch/evidence': ['GetItem', 'Query', 'UpdateItem', 'DeleteItem'],
  'watch/prober': [],
  'failback/fence': ['GetItem', 'UpdateItem'],
  'failover/register': ['GetItem', 'UpdateItem'],
  'failover/clear': ['GetItem', 'UpdateItem'],
  'drill/take-down': ['GetItem', 'UpdateItem'],
  'protect/capture': ['GetItem', 'Query', 'UpdateItem', 'DeleteItem'],
  'protect/replicate': ['GetItem', 'Query', 'UpdateItem', 'DeleteItem'],
  'protect/prune': ['GetItem', 'Query', 'UpdateItem', 'DeleteItem'],
  'transfer/start': ['GetItem', 'Query', 'UpdateItem', 'DeleteItem'],
  'failback/estimate': ['GetItem', 'Query', 'UpdateItem', 'DeleteItem'],
  'failback/pay-fence': ['GetItem', 'Query', 'UpdateItem', 'DeleteItem'],
  'failback/round': ['GetItem', 'Query', 'UpdateItem', 'DeleteItem'],
};

/** Steps that other plans never come to, or that then do nothing. */
const usedBy: Partial<Record<StepName, (plan: Plan) => boolean>> = {
  'protect/freeze': hasCommands,
  'protect/thaw': hasCommands,
  'operation/ask': hasQuestions,
  'drill/verify': isDrilled,
};

/** A launch that has more than one way notes that it has begun, and takes that back when none has room. */
function hasWays(plan: Plan): boolean {
  const { fallback, hydration } = plan.recovery;
  return fallback !== undefined || hydration !== undefined || reservationsOf(plan).length > 0;
}

/** The same of servers that come home as new ones: as other types. */
function hasWaysHome({ recovery, failback }: Plan): boolean {
  return failback.newServers !== undefined && recovery.fallback !== undefined;
}

/** An interface that it finds isolated may have been so since a failover that could not be undone. */
function isIsolating(plan: Plan): boolean {
  return fenceKindOf(plan) === 'isolate';
}

/** What only some plans need besides. */
const moreUsed: readonly { readonly step: StepName; readonly by: (plan: Plan) => boolean; readonly action: string }[] =
  [
    { step: 'failover/launch', by: hasWays, action: 'DeleteItem' },
    { step: 'failback/start', by: hasWaysHome, action: 'DeleteItem' },
    { step: 'failover/guard', by: isProbed, action: 'UpdateItem' },
    { step: 'failback/fence', by: isIsolating, action: 'Query' },
  ];

/** What each function may do with the catalogue. */
export function catalogueActions(step: StepName, plans: readonly Plan[]): string[] {
  if (!plans.some(usedBy[step] ?? (() => true))) return [];
  const used = catalogueUse[step] ?? ['GetItem', 'Query', 'UpdateItem'];
  const more = moreUsed.flatMap((of) => (of.step === step && plans.some(of.by) ? [of.action] : []));
  return [...used, ...more].map((action) => `dynamodb:${action}`);
}

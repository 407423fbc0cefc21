import { ec2Client } from '../../aws/clients.ts';
import { findSnapshotsOfPlan } from '../../aws/snapshots.ts';
import type { Operation } from '../../domain/catalogue.ts';
import type { Plan } from '../../domain/plan.ts';
import { sweepSnapshots } from '../operation/sweep.ts';
import type { Context, Services } from '../services.ts';
import { lookHome } from './look-home.ts';

/** Whether an operation is reverse protection: a protect run while production is away. */
export function isReverse({ extent }: Pick<Operation, 'extent'>): boolean {
  return extent === 'reverse';
}

/** Whether nothing can come home now. `plan`: with the servers that are away. A primary Region that refuses is not silent: somebody has to be told. */
export async function isHomeSilent(services: Services, plan: Plan): Promise<boolean> {
  const error = await lookHome(services, plan);
  if (error === undefined) return false;
  if (error.code === 'AwsUnavailable') return true;
  throw error;
}

/**
 * While nothing comes home, the newest snapshots of what serves are all that there is beside it: those of the run under way stay, with all that
 * a round that was completed made, and those of earlier runs that brought nothing home go. The rest is left to the first prune for which the
 * primary Region answers.
 */
export async function keepNewestAway(
  services: Services,
  context: Context,
  region: string,
): Promise<{ isDone: boolean }> {
  const { catalogue } = services;
  const found = await findSnapshotsOfPlan(services.client(ec2Client, region), context.plan);
  const twins = new Set((await catalogue.twins(context.plan)).map(({ recoverySnapshot }) => recoverySnapshot));
  return sweepSnapshots(services, context, { region, found }, async ({ id, operation = '', purpose }) => {
    if (purpose !== 'failback-round' || operation === context.operation || twins.has(id)) return false;
    const maker = await catalogue.operation(context.plan, operation);
    return maker !== undefined && isReverse(maker) && maker.rounds.length === 0;
  });
}

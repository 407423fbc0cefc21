import { tokenOf } from '../../aws/token.ts';
import type { Operation } from '../../domain/catalogue.ts';
import { pointId } from '../../domain/recovery-point.ts';
import type { Services } from '../services.ts';

/** The recovery point that an operation takes: one at most. */
export function ownPoint({ id, startedAt }: Pick<Operation, 'id' | 'startedAt'>): string {
  return pointId(new Date(startedAt), tokenOf(id).slice(0, 6));
}

/** Begins the recovery point of an operation, which has no servers yet. Runs twice without harm. */
export async function beginPoint({ catalogue }: Services, operation: Operation): Promise<string> {
  const id = ownPoint(operation);
  await catalogue.addPoint({
    plan: operation.plan,
    id,
    status: 'capturing',
    operation: operation.id,
    startedAt: operation.startedAt,
    sealedAt: null,
    skewSeconds: null,
    pins: [],
    members: {},
    servers: {},
  });
  return id;
}

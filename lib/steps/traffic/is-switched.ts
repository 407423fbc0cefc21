import { readRecord } from '../../aws/records.ts';
import { route53Client } from '../../aws/clients.ts';
import type { InstanceFacts } from '../../aws/instances.ts';
import { tagValue } from '../../aws/tags.ts';
import { tellingOf } from '../../domain/routing-control.ts';
import { isSameRecord } from '../../domain/record-set.ts';
import { corrupt } from '../../domain/corrupt.ts';
import type { Context, Services } from '../services.ts';
import { isLed } from './lead.ts';
import { areTurned } from './turn.ts';

/**
 * Whether users are led to where the operation meant to bring them: all records that it changes have their new values, or, where it changes none, its routing controls are turned, or, where
 * it turns none, the health check leads there. What they have written there since would be lost by an undo, so an operation that got this far is final; of a plan with several, that is the
 * order, and the undo leads the rest.
 */
export async function isSwitched(services: Services, context: Context): Promise<boolean> {
  const { traffic, controls, isTakenBack } = await services.catalogue.operationOf(context);
  const client = services.client(route53Client);
  // One that led there all along says nothing.
  const telling = traffic.filter(({ before, after }) => !isSameRecord(before, after));
  for (const change of telling) if (!isSameRecord(await readRecord(client, change), change.after)) return false;
  if (telling.length > 0) return true;
  const turning = tellingOf(controls);
  return turning.length > 0 ? isTakenBack !== true && areTurned(services, context, turning) : isLed(services, context);
}

/**
 * The world as a second witness, before what was launched is taken away: where every record leads to a launched server, users are
 * there, whatever the table says. A server with a prepared address says nothing: its record may have led there all along.
 * @param launched servers of the operation, as AWS describes them
 * @throws Failure CatalogueCorrupt
 */
export async function refuseIfLedThere(
  services: Services,
  context: Context,
  launched: readonly InstanceFacts[],
): Promise<void> {
  const plan = services.plan(context.plan);
  const telling = plan.traffic.flatMap((record) =>
    'server' in record && plan.servers[record.server]?.elasticIp === undefined ? [record] : [],
  );
  const byServer = new Map(launched.map((instance) => [tagValue(instance.raw.Tags, 'server'), instance]));
  for (const record of telling) {
    const { publicAddress, privateAddress } = byServer.get(record.server) ?? {};
    const present = (await readRecord(services.client(route53Client), record))?.values ?? [];
    const isLedThere = present.some((address) => address === publicAddress || address === privateAddress);
    if (!isLedThere) return;
  }
  if (telling.length > 0)
    throw corrupt(
      `PLAN#${plan.name} / OP#${context.operation}`,
      'traffic: says that it was not switched, though every record leads to a server that was launched',
    );
}

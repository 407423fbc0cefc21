import { type Operation, type PointServer, type Twin, volumeKey } from '../../domain/catalogue.ts';
import { assertInvariant } from '../../domain/failure.ts';
import { pointId } from '../../domain/recovery-point.ts';

/** A server that a failback brings home. */
interface Returning {
  readonly operation: Operation;
  /** As the failover launched it. */
  readonly captured: PointServer | undefined;
  readonly server: string;
}

/** The twins of the final round for every volume of the server: without one of them the volume would come back with old content (I4). */
export function finalTwins(twins: readonly Twin[], { operation, captured, server }: Returning): Twin[] {
  const final = operation.rounds.find(({ isFinal }) => isFinal);
  const madeAt = final === undefined ? '' : pointId(new Date(final.startedAt), `round-${final.number}`);
  const volumes = Object.values(captured?.volumes ?? {}).map(({ device }) => volumeKey(server, device));
  const ofFinal = new Map(
    twins
      .filter((twin) => twin.operation === operation.id && twin.madeAt === madeAt)
      .map((twin) => [twin.volume, twin]),
  );
  const found = volumes.flatMap((volume) => ofFinal.get(volume) ?? []);
  assertInvariant(
    volumes.length > 0 && found.length === volumes.length,
    'I4',
    `server ${server} has a final twin for ${found.length} of its ${volumes.length} volumes`,
  );
  return found;
}

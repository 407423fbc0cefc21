import type { Checker } from './checker.ts';
import { readOwedEvidence } from './table.ts';

/** I11: of every failover, failback and drill that has ended there is evidence that says how, or a note that it is owed. */
export const evidenced: Checker = {
  name: 'evidenced',
  attach:
    () =>
    async ({ stage, table }) => {
      const written = new Map(
        stage.cloud
          .services(stage.plan.recovery.region)
          .s3.all()
          .map(({ key, body }) => [key, body.toString()]),
      );
      const owed = await readOwedEvidence(stage);
      return table.operations.flatMap(({ plan, id, kind, startedAt, outcome, endedAt }) => {
        if (kind === 'protect' || outcome === 'running' || owed.includes(id)) return [];
        const evidence = written.get(`${plan}/${new Date(startedAt).getUTCFullYear()}/${id}.json`);
        // A table that was rebuilt does not know when an operation ended.
        const isOfItsEnd = endedAt === null || evidence?.includes(`"endedAt": "${endedAt}"`) === true;
        const isRight = isOfItsEnd && evidence?.includes(`"outcome": "${outcome}"`) === true;
        return isRight ? [] : [`I11 there is no evidence of ${id}, which ended ${outcome}`];
      });
    },
};

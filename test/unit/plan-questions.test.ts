import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../lib/plan-file/document.ts';
import { readPlanFile } from '../../lib/plan-file/read.ts';

const shop = readFileSync(new URL('../../examples/shop.yaml', import.meta.url), 'utf8');
const limit = 'pauseLimit: 15 minutes';

/** The example, which asks when lineage is lost, above so much. */
function asking(above: string) {
  const question = `{ lostLineage: { above: ${above}, within: 1 hour, otherwise: undo } }`;
  return readPlanFile('shop.yaml', shop.replace(limit, `${limit}\n      questions: ${question}`));
}

describe('a question above a limit', () => {
  it('is read with its limits, each of which may be missing', () => {
    const rule = { withinSeconds: 3_600, otherwise: 'undo' };
    const read = (lostLineage: object) => ({ kind: 'read', value: [{ failback: { questions: { lostLineage } } }] });
    const both = asking('{ dollars: 20, time: 2 hours }');
    expect(both).toMatchObject(read({ ...rule, above: { dollars: 20, seconds: 7_200 } }));
    expect(asking('{ dollars: 0 }')).toMatchObject(read({ ...rule, above: { dollars: 0 } }));
  });

  it('is refused without any', () => {
    const reading = asking('{}');
    expect(reading.kind === 'read' ? [] : reading.problems.map(formatProblem)).toEqual([
      'shop.yaml:41: plans.shop.failback.questions.lostLineage.above: names no limit. Write dollars, time, or both.',
    ]);
  });
});

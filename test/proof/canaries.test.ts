import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { canaries } from '../../proof/canaries/canaries.ts';

describe('the canaries', () => {
  it.each(canaries.map(({ name, file, find }) => [name, file, find]))(
    'change the code as it is: %s',
    (_, file, find) => {
      const parts = readFileSync(file, 'utf8').split(find);
      expect(parts).toHaveLength(2);
    },
  );
});

import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['./test/assembly.ts'],
    pool: 'forks',
    maxWorkers: availableParallelism(),
    // Simulated clouds leave much short-lived garbage.
    execArgv: ['--max-semi-space-size=128'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', './test/count-reporter.ts'],
  },
});

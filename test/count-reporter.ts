import type { Reporter, TestModule } from 'vitest/node';

/** Closes a test run with the line `N passed, N failed`; a module that cannot be loaded counts as failed. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    let [passed, failed] = [0, 0];
    for (const module of modules) {
      const results = [...module.children.allTests()].map((test) => test.result().state);
      passed += results.filter((state) => state === 'passed').length;
      failed += results.filter((state) => state === 'failed').length;
      if (module.errors().length > 0 || (results.length === 0 && module.state() === 'failed')) failed += 1;
    }
    console.log(`${passed} passed, ${failed} failed`);
  }
}

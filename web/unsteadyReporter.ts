/** Names the tests that failed and passed when tried again, as `make test` does for Python: they want mending, not luck. */
import type { Reporter, TestCase } from 'vitest/node';

/** More than so many at once are no accident of the machine. */
const MOST = 2;

export class UnsteadyReporter implements Reporter {
  private readonly unsteady: string[] = [];

  onTestCaseResult(test: TestCase): void {
    if (test.diagnostic()?.flaky === true) this.unsteady.push(`${test.module.relativeModuleId} > ${test.fullName}`);
  }

  onTestRunEnd(): void {
    if (this.unsteady.length === 0) return;
    console.log(`UNSTEADY, failed and passed when tried again: ${this.unsteady.join(', ')}`);
    if (this.unsteady.length > MOST) process.exitCode = 1;
  }
}

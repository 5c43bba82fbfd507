/**
 * Prints `N passed, N failed, N skipped` as the very last line of a test run, for people and for machines that read only the end.
 * A run that executed no test fails: an empty green run proves nothing. Whatever keeps a run from being green without belonging to one
 * test (a file that does not load, a failing hook, an unhandled rejection) counts as failed, so the line never looks better than the run.
 */
import { writeSync } from 'node:fs';

/**
 * @typedef {import('vitest/node').TestModule} TestModule
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 */

/** @param {readonly TestModule[]} modules @param {readonly unknown[]} unhandled @returns {Counts} */
export const count = (modules, unhandled) => {
  const counts = { passed: 0, failed: unhandled.length, skipped: 0 };
  for (const module of modules) {
    counts.failed += module.errors().length;
    for (const suite of module.children.allSuites()) counts.failed += suite.errors().length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') counts.passed += 1;
      else if (state === 'failed') counts.failed += 1;
      else counts.skipped += 1;
    }
  }
  return counts;
};

/** @param {Counts} counts */
export const closingLine = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;

export default class PlainReporter {
  #closing = '';

  onInit() {
    // At 'exit', and written synchronously: nothing Vitest still has to say can come after it.
    process.once('exit', () => this.#closing && writeSync(1, `\n${this.#closing}\n`));
  }

  /** @param {readonly TestModule[]} modules @param {readonly unknown[]} unhandled */
  onTestRunEnd(modules, unhandled) {
    const counts = count(modules, unhandled);
    this.#closing = closingLine(counts);
    if (counts.passed + counts.failed === 0) process.exitCode = 1;
  }
}

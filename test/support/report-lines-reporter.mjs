import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Prints what tests said by `report-line.ts`: a test itself must not print. */
export default class ReportLinesReporter {
  #directory = mkdtempSync(join(tmpdir(), 'oursms-lines-'));

  constructor() {
    // Reporters are there before the workers, which inherit it.
    process.env.TEST_REPORT_LINES = join(this.#directory, 'lines');
  }

  onRunComplete() {
    try {
      process.stderr.write(readFileSync(process.env.TEST_REPORT_LINES));
    } catch {
      // No test said anything.
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

import { appendFileSync } from 'node:fs';

/** Reports the figures of a long run: `report-lines-reporter.mjs` prints the line at the end. */
export function reportLine(line: string): void {
  const file = process.env.TEST_REPORT_LINES;
  if (file !== undefined) appendFileSync(file, `${line}\n`);
}

import { megabytes, printTable } from '../support/figures.mjs';
import { PAGE } from '../inbox/reports.mjs';
import { CONCURRENCY } from '../campaign/the-campaign.mjs';

const MIN_PER_SECOND = 10_000;

/** Says what was measured, and which targets are missed. */
export function report({ reports, recipients }, results) {
  console.log(
    `\n${reports} reports, ${PAGE} a download, Redis with each write on the disk (appendfsync always), Node ${process.version}`,
  );
  printTable(
    ['', 'reports/s', 'CPU µs/report', 'commands/report', 'Redis +MB'],
    results.map(({ name, taken: { perSecond, cpuMicros, commands, memory } }) => [
      ...[name, Math.round(perSecond), cpuMicros.toFixed(1)],
      ...(memory === undefined ? ['-', '-'] : [commands.toFixed(3), megabytes(memory)]),
    ]),
  );
  console.log(`\nA campaign of ${recipients} recipients, ${CONCURRENCY} requests at a time`);
  printTable(
    ['', 'recipients/s', 'commands/1000', 'Redis +MB'],
    results
      .filter(({ sent }) => sent)
      .map(({ name, sent: { perSecond, commands, memory } }) => [
        ...[name, Math.round(perSecond)],
        ...(memory === undefined ? ['-', '-'] : [(commands * 1000).toFixed(1), megabytes(memory)]),
      ]),
  );
  const targets = results
    .filter(({ hasRedis, isBeside }) => hasRedis && !isBeside)
    .map(({ name, taken: { perSecond } }) => [
      perSecond >= MIN_PER_SECOND,
      `at least ${MIN_PER_SECOND} reports a second: ${name} (${Math.round(perSecond)})`,
    ]);
  for (const [met, target] of targets) console.log(`${met ? 'met   ' : 'MISSED'}  ${target}`);
  return { missed: targets.filter(([met]) => !met).map(([, target]) => target) };
}

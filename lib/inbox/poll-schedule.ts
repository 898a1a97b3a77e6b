import { OurSmsConfigError } from '../errors/oursms-config.error.js';

/**
 * Makes a function that returns the milliseconds until the next poll: a fixed time, or the time until the next date of a cron
 * expression.
 *
 * The package `cron` is loaded for a cron expression only; @nestjs/schedule depends on it.
 *
 * @throws {OurSmsConfigError} when the cron expression is invalid, or the package is missing
 */
export async function pollSchedule({ everyMs, cron }: { everyMs?: number; cron?: string }): Promise<() => number> {
  if (cron === undefined) return () => everyMs ?? 0;
  const { CronTime } = await loadCron();
  const fault = CronTime.validateCronExpression(cron);
  if (!fault.valid) {
    const reason = 'is not a cron expression';
    throw new OurSmsConfigError(`OurSmsModule cannot start: dlr.poll.cron: ${reason}.`, [
      { field: 'dlr.poll.cron', reason },
    ]);
  }
  const time = new CronTime(cron);
  return () => Math.max(0, time.getTimeout());
}

async function loadCron(): Promise<typeof import('cron')> {
  try {
    return await import('cron');
  } catch {
    throw new OurSmsConfigError(
      'OurSmsModule cannot start: dlr.poll.cron needs the package cron, or use dlr.poll.everyMs.',
    );
  }
}

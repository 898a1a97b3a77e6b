import { OurSmsConfigError } from '../errors/oursms-config.error.js';

/**
 * The time until the next poll, in milliseconds: a fixed wait, or until a cron expression's next date.
 *
 * The package `cron` is loaded only when a cron expression is used; @nestjs/schedule depends on it.
 *
 * @throws {OurSmsConfigError} for an expression that cannot be read
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

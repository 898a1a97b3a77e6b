import { SAUDI_RULES, type AdvisableMessage, type Advice } from './advice/advice.js';
import { adviseOnLinks } from './advice/link-advice.js';
import { adviseOnOneTimeCode } from './advice/one-time-code-advice.js';
import { adviseOnSender, isPromotional } from './advice/sender-advice.js';
import { quietMinutesLeft, type QuietHours } from './quiet-hours.js';

/** Options of {@link adviseMessage}. */
export interface AdviceOptions {
  /** Hours in which promotional messages should not be sent. Default: none. */
  quietHours?: QuietHours;
  /** Time of sending. Default: now. */
  now?: Date;
}

/**
 * Lists reasons why a message may not arrive, beyond the checks of the gateway: the sender's length, characters and suffix,
 * links, a one-time code without a purpose, and promotional messages in quiet hours. These are warnings; an empty list does not
 * guarantee delivery.
 *
 * @throws {RangeError} when `quietHours` is invalid
 */
export function adviseMessage(message: AdvisableMessage, options: AdviceOptions = {}): Advice[] {
  return [
    ...adviseOnSender(message),
    ...adviseOnHours(message, options),
    ...adviseOnLinks(message),
    ...adviseOnOneTimeCode(message),
  ];
}

function adviseOnHours(message: AdvisableMessage, { quietHours, now = new Date() }: AdviceOptions): Advice[] {
  if (quietHours === undefined) return [];
  const minutes = quietMinutesAtLeaving(message, quietHours, now);
  if (minutes === 0) return [];
  return [
    {
      code: 'quietHours',
      message: `The message is promotional and would go out in quiet hours, which last until ${quietHours.to} in Riyadh: a delay of ${(message.delay ?? 0) + minutes} minutes would keep it out of them.`,
      source: `${SAUDI_RULES}. The hours differ from source to source; these are the ones set in quietHours`,
    },
  ];
}

/**
 * Minutes of quiet hours that remain when a message is sent, `delay` minutes after `now`; 0 outside quiet hours or when the
 * message is not promotional.
 */
export function quietMinutesAtLeaving(message: AdvisableMessage, quietHours: QuietHours, now: Date): number {
  if (!isPromotional(message)) return 0;
  return quietMinutesLeft(quietHours, new Date(now.getTime() + (message.delay ?? 0) * 60_000));
}

import type { MessageClass } from '../dto/send-message.dto.js';
import { OurSmsValidationError } from '../errors/oursms-validation.error.js';
import { quietMinutesAtLeaving } from '../message/advise-message.js';
import type { QuietHours } from '../message/quiet-hours.js';

/** Handling of a promotional message in quiet hours. */
export type QuietHoursAction = 'warn' | 'refuse' | 'hold';

/** Quiet hours, and the handling of promotional messages in them. */
export interface QuietHoursPolicy extends QuietHours {
  action: QuietHoursAction;
}

interface TimedMessage {
  src: string;
  delay?: number;
  validity?: number;
  msgClass?: MessageClass;
}

/** A message to which quiet hours were applied. */
export interface QuietedMessage<T> {
  /** The message, with a longer `delay` if it is held. */
  message: T;
  /** Minutes that were added to `delay`; absent when the message is not held. */
  heldMinutes?: number;
  /** Warning to log, without any part of the message. */
  warning?: string;
}

/**
 * Applies quiet hours to a message that would leave at `now` (or `delay` minutes later): warns, refuses or holds it, as
 * `action` says. Quiet hours apply to promotional messages only.
 *
 * @throws {OurSmsValidationError} when it is refused, or would expire while it is held
 */
export function keepQuietHours<T extends TimedMessage>(
  message: T,
  { account, quietHours }: { account: string; quietHours?: QuietHoursPolicy },
  now: Date,
): QuietedMessage<T> {
  if (quietHours === undefined) return { message };
  const minutes = quietMinutesAtLeaving(message, quietHours, now);
  if (minutes === 0) return { message };
  const { from, to, action } = quietHours;
  const hours = `quiet hours are from ${from} to ${to} in Riyadh`;
  const delay = (message.delay ?? 0) + minutes;
  if (action === 'warn') {
    return { message, warning: `A promotional message of account ${account} is sent in quiet hours: ${hours}` };
  }
  if (action === 'refuse') {
    const reason = `must be ${delay} or more for a promotional message now: ${hours}`;
    throw new OurSmsValidationError('send', account, [{ field: 'delay', reason }]);
  }
  const { validity = 0 } = message;
  if (validity > 0 && validity <= delay) {
    const reason = `ends before the message may be sent, ${delay} minutes from now: ${hours}`;
    throw new OurSmsValidationError('send', account, [{ field: 'validity', reason }]);
  }
  return { message: { ...message, delay }, heldMinutes: minutes };
}

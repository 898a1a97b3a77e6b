import { Injectable, Logger } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import {
  OURSMS_MESSAGE_CONFIRMED,
  OURSMS_MESSAGE_MISSING,
  type MessageNotice,
  type MessagesConfirmed,
  type MessagesMissing,
} from 'nestjs-oursms';

/** Messages that are named in a line. */
const NAMED = 5;

/** Logs what the module finds out about messages without a report of theirs. A real application would look into them. */
@Injectable()
export class MessageNotices {
  readonly #logger = new Logger('MessageNotices');

  /** Their delivery reports are overdue. */
  @OnEvent(OURSMS_MESSAGE_MISSING)
  onMissing({ messages }: MessagesMissing): void {
    this.#logger.warn(`No final report has come of ${listOf(messages)}`);
  }

  /** Their outcome was unknown, and now there is a delivery report. */
  @OnEvent(OURSMS_MESSAGE_CONFIRMED)
  onConfirmed({ messages }: MessagesConfirmed): void {
    this.#logger.log(`Sent after all, as a report shows: ${listOf(messages)}`);
  }
}

/** References are ours, and numbers are masked: both may stand in a log. */
function listOf(messages: MessageNotice[]): string {
  const names = messages.slice(0, NAMED).map(({ reference, campaign, dest }) => `${reference ?? campaign} to ${dest}`);
  const rest = messages.length - names.length;
  return names.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

import { Injectable } from '@nestjs/common';

/** Messages whose text is remembered. */
const REMEMBERED = 1_000;

/**
 * The texts of the last messages, by their references, in memory. The module keeps no text of a message: what an application
 * wants to show beside a report is its own affair.
 */
@Injectable()
export class SentTexts {
  #sent: { reference: string; text: string; at: string }[] = [];

  /** Called before the message is sent: its report may come before the answer to the send. */
  remember(reference: string, text: string): void {
    this.#sent.push({ reference, text, at: new Date().toISOString() });
    this.#sent = this.#sent.slice(-REMEMBERED);
  }

  /** The text of the message of this reference that left at this time. Several messages may have the same reference. */
  find(reference: string, sentAt: string): string | undefined {
    return this.#sent.findLast((message) => message.reference === reference && message.at <= sentAt)?.text;
  }
}

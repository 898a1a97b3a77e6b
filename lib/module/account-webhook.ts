import { Logger } from '@nestjs/common';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import { OurSmsError } from '../errors/oursms.error.js';
import type { RawBody } from '../gateway/decode-body.js';
import { describeThrown } from '../inbox/describe-thrown.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { AccountInbox } from './account-inbox.js';
import { WebhookSecret } from './webhook-secret.js';

/** The webhook of an account: checks its secret, and stores pushes. */
export class AccountWebhook {
  /** Maximum size of a push in bytes: the same as of a download. */
  readonly maxBytes: number;
  readonly #account: string;
  readonly #inbox: AccountInbox;
  readonly #secret: WebhookSecret | undefined;
  readonly #logger = new Logger('OurSmsWebhook');
  #isFailing = false;

  constructor({ gateway, dlr }: ResolvedOptions, inbox: AccountInbox) {
    this.maxBytes = gateway.maxResponseBytes;
    this.#account = gateway.name;
    this.#inbox = inbox;
    this.#secret = dlr.webhook ? new WebhookSecret(dlr.webhook.secret) : undefined;
  }

  /** Whether the account has `dlr.webhook` in its options. */
  get isSet(): boolean {
    return this.#secret !== undefined;
  }

  /** Whether a text is the secret of the account. */
  admits(text: unknown): boolean {
    return this.#secret?.matches(text) ?? false;
  }

  /** Stores the body of a push. Resolves to whether it is durable. Of failures in a row, only the first is logged. */
  async keep(body: RawBody): Promise<boolean> {
    try {
      if (body.bytes.length > 0) await this.#inbox.running.accept(body);
      this.#isFailing = false;
      return true;
    } catch (error) {
      this.#logFailure(error);
      return false;
    }
  }

  /** Logs a push that was not answered with 200. */
  refuse(why: string): void {
    this.#logger.warn(`A push of delivery reports (account ${this.#account}) was not taken: ${why}`);
  }

  #logFailure(error: unknown): void {
    const isFirst = !this.#isFailing;
    this.#isFailing = true;
    const isClosed = error instanceof OurSmsStorageError && error.fault === 'closed';
    if (!isFirst || isClosed) return;
    const why = error instanceof OurSmsError ? error.message : describeThrown(error);
    this.#logger.error(
      `Pushes of delivery reports (account ${this.#account}) are answered with 503 until they can be kept: ${why}`,
    );
  }
}

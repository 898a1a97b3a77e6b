import { hash, timingSafeEqual } from 'node:crypto';

/** The secret in the address of a webhook, stored as a digest: printing this object does not show the secret. */
export class WebhookSecret {
  readonly #digest: Buffer;

  constructor(secret: string) {
    this.#digest = secretDigest(secret);
  }

  /** Whether a text is the secret. The time of the comparison reveals neither the secret nor its length. */
  matches(text: unknown): boolean {
    const isEqual = timingSafeEqual(secretDigest(typeof text === 'string' ? text : ''), this.#digest);
    return isEqual && typeof text === 'string';
  }
}

const secretDigest = (text: string): Buffer => Buffer.from(hash('sha256', text, 'base64'), 'base64');

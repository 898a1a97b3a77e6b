import { hash, timingSafeEqual } from 'node:crypto';

/** The secret in the address of a webhook. It is kept as a digest: what prints this object shows nothing. */
export class WebhookSecret {
  readonly #digest: Buffer;

  constructor(secret: string) {
    this.#digest = secretDigest(secret);
  }

  /** Whether a text is the secret. The time that it takes says nothing about the secret, nor about its length. */
  matches(text: unknown): boolean {
    const isEqual = timingSafeEqual(secretDigest(typeof text === 'string' ? text : ''), this.#digest);
    return isEqual && typeof text === 'string';
  }
}

const secretDigest = (text: string): Buffer => Buffer.from(hash('sha256', text, 'base64'), 'base64');

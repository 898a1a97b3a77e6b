import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { WebhookSecret } from '../../lib/module/webhook-secret.js';

const TEXT = 'a-secret-of-the-tests';
const secret = new WebhookSecret(TEXT);

describe('the secret of a webhook', () => {
  it('matches itself', () => {
    expect(secret.matches(TEXT)).toBe(true);
  });

  it.each<unknown>([
    ...['', TEXT.slice(1), TEXT.slice(0, -1), `${TEXT}-`, `${TEXT} `, TEXT.toUpperCase(), `${TEXT}\0`],
    ...['x'.repeat(1_000_000), undefined, null, 0, [TEXT], { toString: () => TEXT }],
  ])('matches nothing else (case %#)', (other) => {
    expect(secret.matches(other)).toBe(false);
  });

  it('does not match a value that is not a string, even if the secret were empty', () => {
    expect(new WebhookSecret('').matches(undefined)).toBe(false);
  });

  it('is not shown when it is printed', () => {
    expect(inspect(secret, { showHidden: true, depth: Infinity }) + JSON.stringify(secret)).not.toContain(TEXT);
  });
});

import { hash, randomBytes } from 'node:crypto';
import { normalizeNumber } from '../message/normalize-number.js';
import { waitForLock } from '../queue/exclusive-lock.js';
import type { QueueEngine } from '../queue/durable-queue.js';
import type { TrackingNames } from './tracking-names.js';

/** Characters of a hash: 72 bits. */
const LENGTH = 12;

/** Hashes of phone numbers with a key of the account: equal numbers are found, and none can be read without the key. */
export class NumberHash {
  /** @param key Text of 256 random bits. */
  constructor(private readonly key: string) {}

  /** Reads the key of an account, or makes it: once, whatever the number of processes. */
  static async of(engine: QueueEngine, names: TrackingNames): Promise<NumberHash> {
    const known = await engine.read(names.key);
    if (known !== undefined) return new NumberHash(known);
    return waitForLock(engine, names.key, async () => {
      const made = await engine.read(names.key);
      if (made !== undefined) return new NumberHash(made);
      const key = randomBytes(32).toString('base64url');
      await engine.note(names.key, key);
      return new NumberHash(key);
    });
  }

  /** @param number In international form, digits alone. */
  of(number: string): string {
    // Not an HMAC, which costs several times as much: what that prevents needs the whole hash, and inputs of any length.
    return hash('sha256', this.key + number, 'base64url').slice(0, LENGTH);
  }
}

/** The number in a report, in international form; undefined when it cannot be read. */
export function reportedNumber(dest: string | undefined): string | undefined {
  if (dest === undefined) return undefined;
  if (/^9665\d{8}$/.test(dest)) return dest;
  const read = normalizeNumber(dest, { country: 'any' });
  return read.ok ? read.number : undefined;
}

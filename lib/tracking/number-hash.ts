import { hash, randomBytes } from 'node:crypto';
import { normalizeNumber } from '../message/normalize-number.js';
import { waitForLock } from '../queue/exclusive-lock.js';
import type { QueueEngine } from '../queue/durable-queue.js';
import type { TrackingNames } from './tracking-names.js';

/** Characters of a hash: 72 bits. */
const LENGTH = 12;

/** Hashes phone numbers with a key of the account. Equal numbers have equal hashes; without the key, no hash gives a number. */
export class NumberHash {
  /** @param key Text of 256 random bits. */
  constructor(private readonly key: string) {}

  /** Reads the key of an account, or makes it under a lock, so that all processes have the same key. */
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
    // Not an HMAC, which costs several times as much: the attack that it prevents needs the whole hash, and inputs of any length.
    return hash('sha256', this.key + number, 'base64url').slice(0, LENGTH);
  }
}

/** Reads the number of a report into international form; undefined when it is not readable. */
export function reportedNumber(dest: string | undefined): string | undefined {
  if (dest === undefined) return undefined;
  if (/^9665\d{8}$/.test(dest)) return dest;
  const read = normalizeNumber(dest, { country: 'any' });
  return read.ok ? read.number : undefined;
}

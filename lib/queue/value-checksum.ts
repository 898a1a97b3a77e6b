import { crc32 } from 'node:zlib';

const LENGTH = 8;
/** Below this number of characters, one call is faster than two. */
const SHORT = 1_000;

/** A value with a checksum of its key and of itself in front. */
export const addChecksum = (key: string, value: string): string => `${checksum(key, value)} ${value}`;

/** The value without its checksum; undefined when the checksum does not match the key and the value. */
export function verifyChecksum(key: string, stored: string): string | undefined {
  const value = stored.slice(LENGTH + 1);
  return stored.slice(0, LENGTH) === checksum(key, value) ? value : undefined;
}

/** Does not copy a long value. */
function checksum(key: string, value: string): string {
  const sum = value.length < SHORT ? crc32(key + value) : crc32(value, crc32(key));
  return sum.toString(16).padStart(LENGTH, '0');
}

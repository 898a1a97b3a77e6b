import { crc32 } from 'node:zlib';

const LENGTH = 8;
/** Up to so many characters, one call is faster than two. */
const SHORT = 1_000;

/** A value with a checksum of it and of the key that it stands under. */
export const seal = (key: string, value: string): string => `${checksum(key, value)} ${value}`;

/** The value; undefined when it, or its key, is not what was written. */
export function unseal(key: string, sealed: string): string | undefined {
  const value = sealed.slice(LENGTH + 1);
  return sealed.slice(0, LENGTH) === checksum(key, value) ? value : undefined;
}

/** The checksum of both together; a long value is not copied for it. */
function checksum(key: string, value: string): string {
  const sum = value.length < SHORT ? crc32(key + value) : crc32(value, crc32(key));
  return sum.toString(16).padStart(LENGTH, '0');
}

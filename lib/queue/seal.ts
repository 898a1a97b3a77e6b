import { crc32 } from 'node:zlib';

const LENGTH = 8;

/** A value with a checksum of it and of the key that it stands under. */
export const seal = (key: string, value: string): string => `${checksum(key, value)} ${value}`;

/** The value; undefined when it, or its key, is not what was written. */
export function unseal(key: string, sealed: string): string | undefined {
  const value = sealed.slice(LENGTH + 1);
  return sealed.slice(0, LENGTH) === checksum(key, value) ? value : undefined;
}

const checksum = (key: string, value: string): string => crc32(value, crc32(key)).toString(16).padStart(LENGTH, '0');

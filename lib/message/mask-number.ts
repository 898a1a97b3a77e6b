/**
 * Masks a phone number for errors and log lines: shows the first four and the last two digits, the rest as `*`. Masks all of a
 * text of fewer than nine characters.
 */
export function maskNumber(number: string): string {
  if (number.length < 9) return '*'.repeat(Math.min(number.length, 8));
  return `${number.slice(0, 4)}${'*'.repeat(Math.min(number.length, 24) - 6)}${number.slice(-2)}`;
}

/**
 * A phone number as it may stand in an error or a log line: the first four and the last two digits, the rest as `*`.
 * Anything shorter than nine characters is masked whole.
 */
export function maskNumber(number: string): string {
  if (number.length < 9) return '*'.repeat(Math.min(number.length, 8));
  return `${number.slice(0, 4)}${'*'.repeat(Math.min(number.length, 24) - 6)}${number.slice(-2)}`;
}

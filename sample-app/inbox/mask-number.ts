/** A phone number as the module's own log lines show it: the first four and the last two digits. Short ones are masked whole. */
export function maskNumber(number: string): string {
  if (number.length < 9) return '*'.repeat(number.length);
  return `${number.slice(0, 4)}${'*'.repeat(number.length - 6)}${number.slice(-2)}`;
}

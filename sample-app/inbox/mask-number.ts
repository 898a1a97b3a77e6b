/** A phone number as the module's own log lines show it: the first four and the last two digits. Short ones are masked whole. */
export function maskNumber(number: string): string {
  if (number.length < 9) return '*'.repeat(number.length);
  return `${number.slice(0, 4)}${'*'.repeat(number.length - 6)}${number.slice(-2)}`;
}

/** Digits of the shortest phone number. */
const FEWEST_DIGITS = 7;

/** What stands in a list: as it is written when it is too short to be the number of anyone, masked otherwise. */
export function maskInput(input: string): string {
  const shown = input.slice(0, 40);
  return (shown.match(/\p{Nd}/gu)?.length ?? 0) < FEWEST_DIGITS ? shown : maskNumber(shown);
}

const inRow = (zero) => (text) => text.replace(/\d/g, (digit) => String.fromCharCode(zero + Number(digit)));
const arabicIndic = inRow(0x660);
const persian = inRow(0x6f0);
const fullWidth = inRow(0xff10);

/** Every way in which a Saudi mobile (nine digits from the 5 on) is written. */
const SPELLINGS = [
  (n) => `0${n}`,
  (n) => n,
  (n) => `966${n}`,
  (n) => `+966${n}`,
  (n) => `00966${n}`,
  (n) => `9660${n}`,
  (n) => `+9660${n}`,
  (n) => `+966 ${n.slice(0, 2)} ${n.slice(2, 5)} ${n.slice(5)}`,
  (n) => `0${n.slice(0, 2)}-${n.slice(2, 5)}-${n.slice(5)}`,
  (n) => `(+966) ${n.slice(0, 2)}.${n.slice(2)}`,
  (n) => arabicIndic(`0${n}`),
  (n) => arabicIndic(`+966${n}`),
  (n) => persian(`0${n}`),
  (n) => fullWidth(`0${n}`),
  (n) => `\u200e+966${n}\u200f`,
  (n) => `\u2066+966\u00a0${n.slice(0, 2)}\u202f${n.slice(2, 5)}\u2011${n.slice(5)}\u2069`,
];

/** One of a hundred million numbers with the prefixes 050 to 059, in one of the spellings, and what it is. */
export function spelledNumber(i) {
  const national = String(500_000_000 + ((i * 97) % 100_000_000));
  return { written: SPELLINGS[i % SPELLINGS.length](national), number: `966${national}` };
}

/** Different numbers in every spelling in turn, and what each is. */
export const spelledNumbers = (count) => Array.from({ length: count }, (_, i) => spelledNumber(i));

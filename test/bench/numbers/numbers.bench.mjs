import { parsePhoneNumberFromString } from 'libphonenumber-js/mobile';
import { normalizeNumber } from '../../../dist/index.js';
import { median, printTable } from '../support/figures.mjs';
import { spelledNumbers } from './spellings.mjs';

const MAX_MS_A_MILLION = 1000;

const NORMALIZERS = {
  normalizeNumber: (written) => {
    const result = normalizeNumber(written);
    return result.ok ? result.number : undefined;
  },
  'libphonenumber-js': (written) => {
    const parsed = parsePhoneNumberFromString(written, 'SA');
    return parsed?.isValid() ? parsed.number.slice(1) : undefined;
  },
};

/** Time to normalise 1,000,000 Saudi numbers in every spelling, on one core, beside libphonenumber-js. */
export async function numbersBench({ quick }) {
  const numbers = spelledNumbers(quick ? 20_000 : 1_000_000);
  const rows = Object.entries(NORMALIZERS).map(([name, normalize]) => {
    for (const { written } of numbers.slice(0, 10_000)) normalize(written);
    const rounds = Array.from({ length: name === 'normalizeNumber' ? 5 : 1 }, () => time(numbers, normalize));
    return { name, ms: median(rounds.map(({ ms }) => ms)), right: rounds[0].right };
  });
  console.log(`\n${numbers.length} Saudi numbers in every spelling, one core, Node ${process.version}`);
  printTable(
    ['', 'ms', 'numbers/s', 'right'],
    rows.map(({ name, ms, right }) => [
      name,
      Math.round(ms),
      Math.round((numbers.length / ms) * 1000),
      `${((100 * right) / numbers.length).toFixed(1)} %`,
    ]),
  );
  return judge(rows[0], numbers.length);
}

function time(numbers, normalize) {
  const start = performance.now();
  let right = 0;
  for (const { written, number } of numbers) if (normalize(written) === number) right += 1;
  return { ms: performance.now() - start, right };
}

function judge({ ms, right }, count) {
  const aMillion = (ms / count) * 1_000_000;
  const targets = [
    [aMillion <= MAX_MS_A_MILLION, `at most ${MAX_MS_A_MILLION} ms for a million (${Math.round(aMillion)} ms)`],
    [right === count, 'all of them right'],
  ];
  for (const [met, target] of targets) console.log(`${met ? 'met   ' : 'MISSED'}  ${target}`);
  return { missed: targets.filter(([met]) => !met).map(([, target]) => target) };
}

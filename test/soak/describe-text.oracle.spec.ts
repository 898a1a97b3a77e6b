import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from '@jest/globals';
import { describeText } from 'nestjs-oursms';
import splitSms from 'split-sms';
import { generatedText } from '../support/generated-texts.js';
import { Seeded } from '../support/seeded.js';

const TEXTS = 100_000;

interface Answer {
  encoding: string;
  units: number;
  /** How long each part is, in UTF-16 code units of the text. */
  parts: number[];
}

/** The answer of sms-segments-calculator, with the length of each cluster: what it counts as one character. */
interface CalculatorAnswer extends Answer {
  clusters: number[];
}

const random = new Seeded(23_038);
const texts = Array.from({ length: TEXTS }, () => generatedText(random));

function ours(text: string): Answer {
  const { encoding, units, boundaries } = describeText(text);
  const ends = text === '' ? [] : [...boundaries, text.length];
  return { encoding, units, parts: ends.map((end, i) => end - (ends[i - 1] ?? 0)) };
}

/** Fills parts with whole pieces, one after another; follows 3GPP TS 23.038 when each piece is a character. */
function fill(pieces: { units: number; length: number }[], single: number, multi: number): number[] {
  const total = pieces.reduce((sum, { units }) => sum + units, 0);
  if (total <= single) return [pieces.reduce((sum, { length }) => sum + length, 0)];
  const parts: number[] = [0];
  let used = 0;
  for (const { units, length } of pieces) {
    if (used + units > multi) {
      parts.push(0);
      used = 0;
    }
    used += units;
    parts[parts.length - 1] = (parts.at(-1) ?? 0) + length;
  }
  return parts;
}

const sameSize = (length: number) => ({ units: length, length });

/** There is nothing to send in an empty text: it has no part. Both oracles count an empty one. */
const countsAnEmptyPart = (text: string, own: Answer, theirs: Answer): boolean =>
  text === '' && own.parts.length === 0 && sameNumbers(theirs.parts, [0]);

/**
 * sms-segments-calculator never splits one visible character, a cluster (a flag, a letter and its marks). The standard
 * knows 16-bit units only: such a character may straddle two parts, only a surrogate pair may not (wire-facts, Segments).
 */
const keepsClustersTogether = (text: string, own: Answer, theirs: CalculatorAnswer): boolean =>
  own.encoding === 'UCS-2' &&
  theirs.encoding === 'UCS-2' &&
  own.units === theirs.units &&
  theirs.clusters.length < [...text].length &&
  sameNumbers(theirs.parts, fill(theirs.clusters.map(sameSize), 70, 67)) &&
  sameNumbers(
    own.parts,
    fill(
      [...text].map(({ length }) => sameSize(length)),
      70,
      67,
    ),
  );

describe(`describeText, for ${TEXTS} generated texts`, () => {
  it('gives the encoding, units, units left, parts and boundaries of split-sms, except for the empty text', () => {
    const unexplained: unknown[] = [];
    let empty = 0;
    for (const text of texts) {
      const own = ours(text);
      const { characterSet, parts, bytes, remainingInPart } = splitSms.split(text);
      const theirs = {
        encoding: characterSet === 'GSM' ? 'GSM-7' : 'UCS-2',
        units: characterSet === 'GSM' ? bytes : bytes / 2,
        parts: parts.map(({ content }) => content.length),
      };
      if (countsAnEmptyPart(text, own, theirs)) empty += 1;
      else if (!sameAnswer(own, theirs) || remainingInPart !== describeText(text).unitsLeft) {
        unexplained.push({ text, own, theirs, remainingInPart });
      }
    }
    expect(unexplained).toEqual([]);
    expect(empty).toBeGreaterThan(0);
  }, 120_000);

  it('gives the encoding, units and parts of sms-segments-calculator, except for empty text and split clusters', async () => {
    const answers = await askCalculator();
    const unexplained: unknown[] = [];
    const explained = { empty: 0, clusters: 0 };
    texts.forEach((text, i) => {
      const own = ours(text);
      const theirs = answers[i] as CalculatorAnswer;
      if (sameAnswer(own, theirs)) return;
      if (countsAnEmptyPart(text, own, theirs)) explained.empty += 1;
      else if (keepsClustersTogether(text, own, theirs)) explained.clusters += 1;
      else unexplained.push({ text, own, theirs });
    });
    expect(unexplained).toEqual([]);
    expect(explained.empty).toBeGreaterThan(0);
    expect(explained.clusters).toBeGreaterThan(0);
  }, 240_000);

  it('lists every character outside GSM-7 at its positions, and a boundary for each part but the first', () => {
    for (const text of texts) {
      const { encoding, parts, boundaries, forcing } = describeText(text);
      const outside = [...text].filter(isOutsideGsm).length;
      const positions = forcing.flatMap((entry) => entry.positions.map((at) => [at, entry.character] as const));
      const faults = [
        boundaries.length !== Math.max(parts - 1, 0),
        positions.some(([at, character]) => !text.startsWith(character, at)),
        positions.length !== outside,
        (encoding === 'UCS-2') !== forcing.length > 0,
      ];
      if (faults.includes(true)) expect({ text, faults }).toEqual({ text, faults: faults.map(() => false) });
    }
  }, 120_000);
});

describe('the GSM-7 alphabet of describeText', () => {
  it('is the same as in split-sms for every UTF-16 code unit', () => {
    for (let code = 0; code <= 0xffff; code++) {
      const character = String.fromCharCode(code);
      const { characterSet, bytes } = splitSms.split(character);
      const { encoding, units } = describeText(character);
      // A lone surrogate is a unit like any other; split-sms counts the one that is missing.
      const theirs = code >= 0xd800 && code <= 0xdbff ? 1 : characterSet === 'GSM' ? bytes : bytes / 2;
      if (units !== theirs || (encoding === 'GSM-7') !== (characterSet === 'GSM')) {
        expect({ code, encoding, units }).toEqual({ code, encoding: characterSet, units: theirs });
      }
    }
  });
});

const GSM_7 = new Set(
  Array.from({ length: 0x2100 }, (_, code) => String.fromCharCode(code)).filter(
    (character) => splitSms.split(character).characterSet === 'GSM',
  ),
);
const isOutsideGsm = (character: string): boolean => !GSM_7.has(character);

const sameAnswer = (a: Answer, b: Answer): boolean =>
  a.encoding === b.encoding && a.units === b.units && sameNumbers(a.parts, b.parts);

const sameNumbers = (a: number[], b: number[]): boolean => a.length === b.length && a.every((n, i) => n === b[i]);

async function askCalculator(): Promise<CalculatorAnswer[]> {
  const threads = Math.min(availableParallelism(), 8);
  const share = Math.ceil(texts.length / threads);
  const shares = Array.from({ length: threads }, (_, i) => texts.slice(i * share, (i + 1) * share));
  return (await Promise.all(shares.map(askOneThread))).flat();
}

async function askOneThread(share: string[]): Promise<CalculatorAnswer[]> {
  const file = new URL('../support/segments-calculator.worker.mjs', import.meta.url);
  return new Promise((resolve, reject) => {
    const worker = new Worker(file, { workerData: share, execArgv: [] });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

import { SegmentedMessage } from 'sms-segments-calculator';
import splitSms from 'split-sms';
import { describeText } from '../../../dist/index.js';
import { median, printTable } from '../support/figures.mjs';
import { mixedTexts } from './mixed-texts.mjs';

const OURS = 'describeText';
const TIMES_FASTER = 2;

/** Each says how many parts a text has; only ours also names the characters that force UCS-2. */
const COUNTERS = {
  [OURS]: (text) => describeText(text).parts,
  'split-sms': (text) => splitSms.split(text).parts.length,
  'split-sms, summary': (text) => splitSms.split(text, { summary: true }).parts.length,
  'sms-segments-calculator': (text) => new SegmentedMessage(text).segmentsCount,
};

/** Time to count the parts of 10,000 mixed texts, kind by kind, beside two other libraries. */
export async function textBench({ quick }) {
  const count = quick ? 700 : 10_000;
  const kinds = Object.entries(mixedTexts(count));
  const samples = {};
  let parts;
  for (let round = 0; round < (quick ? 2 : 12); round += 1) {
    for (const [name, counter] of Object.entries(COUNTERS)) {
      // The slow one is asked twice only: once to warm up, once for its figures.
      if (name === 'sms-segments-calculator' && round > 1) continue;
      const timed = kinds.map(([, texts]) => time(texts, counter));
      const total = timed.reduce((sum, figure) => sum + figure.parts, 0);
      if (total !== (parts ??= total)) throw new Error(`${name} counts ${total} parts, the others ${parts}`);
      if (round > 0) (samples[name] ??= []).push(timed.map(({ ms }) => ms));
    }
  }
  return report(kinds, samples, count);
}

function time(texts, counter) {
  const start = performance.now();
  let parts = 0;
  for (const text of texts) parts += counter(text);
  return { ms: performance.now() - start, parts };
}

function report(kinds, samples, count) {
  const byKind = Object.entries(samples).map(([name, rounds]) => [
    name,
    kinds.map(([, texts], k) => (median(rounds.map((round) => round[k])) / texts.length) * 1000),
    median(rounds.map((round) => round.reduce((sum, ms) => sum + ms, 0))),
  ]);
  console.log(`\n${count} mixed texts, Node ${process.version}`);
  printTable(
    ['µs a text', ...kinds.map(([name]) => name), 'all, ms'],
    [...byKind.map(([name, micros, all]) => [name, ...micros.map((each) => each.toFixed(2)), all.toFixed(1)])],
  );
  const [[, oursByKind, ours], ...rivals] = byKind;
  const targets = [
    ['all of them', Math.min(...rivals.map(([, , all]) => all)) / ours],
    ...kinds.map(([name], k) => [name, Math.min(...rivals.map(([, micros]) => micros[k])) / oursByKind[k]]),
  ].map(([what, times]) => ({
    target: `${what}: at least ${TIMES_FASTER} x faster than the fastest of the others (${times.toFixed(1)} x)`,
    isMet: times >= TIMES_FASTER,
  }));
  for (const { target, isMet } of targets) console.log(`${isMet ? 'met   ' : 'MISSED'}  ${target}`);
  return { missed: targets.filter(({ isMet }) => !isMet).map(({ target }) => target) };
}

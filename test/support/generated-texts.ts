import { Seeded } from './seeded.js';

const GSM = [
  ...'abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@£$¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæß¡ÄÖÑÜ§¿äöñüà.,:\r\n',
];
const EXTENSION = [...'€^{}[]~|\\\f'];
const ARABIC = [...'ابتثجحخدذرزسشصضطظعغفقكلمنهويءآأؤإئىة، ؛؟٠١٢٣٤٥٦٧٨٩'];
const TYPOGRAPHIC = [...'‘’“”–—…•«» \u200b\u200e\u200f\u00adçÁ`\t'];
const EMOJI = ['😀', '🎉', '❤️', '👍🏽', '🇸🇦', '👨‍👩‍👧‍👦', '🏳️‍🌈', '1️⃣', '👩🏽‍💻', '𝒳', '𠜎'];
const MARKS = ['é', 'ñ', 'َ', 'ّ', 'مُ', 'لّٰ', 'ก็', 'क्षि', '각', '\u200d', '\u200c'];
const PRESENTATION = [...'ﻣﺮﺣﺒﺎﻻﷲﷺـ'];

interface Kind {
  common: readonly string[];
  /** What is strewn in, and put where a part ends. */
  special: readonly string[];
  /** How many characters apart, on average, special ones are elsewhere. */
  every: number;
  part: number;
  targets: readonly number[];
}

const lengths = (inHundred: Record<number, number>): number[] => {
  const around = Object.entries(inHundred).flatMap(([length, times]) => Array<number>(times).fill(Number(length)));
  return [...around, ...Array.from({ length: 100 - around.length }, (_, i) => i % 30)];
};

/** Around which lengths, and how many texts in a hundred; the rest is shorter than a part: oracles are slow. */
const GSM_TARGETS = lengths({ 160: 12, 153: 3, 306: 1 });
const UCS2_TARGETS = lengths({ 70: 27, 67: 3, 134: 3, 201: 1 });

const KINDS: readonly Kind[] = [
  { common: GSM, special: EXTENSION, every: 40, part: 153, targets: GSM_TARGETS },
  { common: ARABIC, special: [...EMOJI, ...EXTENSION], every: 30, part: 67, targets: UCS2_TARGETS },
  { common: [...ARABIC, ...GSM], special: [...MARKS, ...PRESENTATION], every: 10, part: 67, targets: UCS2_TARGETS },
  { common: GSM, special: [...EMOJI, ...TYPOGRAPHIC], every: 20, part: 67, targets: UCS2_TARGETS },
  { common: EMOJI, special: [...EMOJI, ...MARKS, ...GSM], every: 3, part: 67, targets: UCS2_TARGETS },
];

/**
 * A text of 0 to 1000 characters, in one of several mixtures, most often a few characters around the length at which
 * another part starts, with characters of two or more units where parts end.
 */
export function generatedText(random: Seeded): string {
  const kind = random.pick(KINDS);
  const length =
    random.next(500) === 0 ? random.next(1000) : Math.max(0, random.pick(kind.targets) - 7 + random.next(14));
  let text = '';
  while (text.length < length) {
    const atAnEnd = kind.part - (text.length % kind.part) <= 3;
    text += random.next(atAnEnd ? 3 : kind.every) === 0 ? random.pick(kind.special) : random.pick(kind.common);
  }
  return text;
}

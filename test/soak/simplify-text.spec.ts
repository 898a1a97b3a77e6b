import { describe, expect, it } from '@jest/globals';
import { describeText, simplifyText } from 'nestjs-oursms';
import { generatedText } from '../support/generated-texts.js';
import { Seeded } from '../support/seeded.js';

describe('simplifyText', () => {
  it('never adds parts, is idempotent, and leaves GSM-7 texts unchanged, for 50000 generated texts', () => {
    const random = new Seeded(47);
    for (let i = 0; i < 50_000; i++) {
      const text = generatedText(random);
      const simpler = simplifyText(text);
      const [before, after] = [describeText(text), describeText(simpler)];
      const faults = {
        dearer: after.parts > before.parts,
        longer: after.encoding === 'UCS-2' && after.units > before.units,
        unstable: simplifyText(simpler) !== simpler,
        changed: before.encoding === 'GSM-7' && simpler !== text,
      };
      if (Object.values(faults).includes(true)) expect({ text, simpler, faults }).toBeUndefined();
    }
  }, 60_000);

  it('is idempotent for every character alone, after a letter, before a mark and beside Arabic', () => {
    for (let code = 0; code <= 0xffff; code++) {
      const character = String.fromCharCode(code);
      for (const text of [character, `e${character}\u0301`, `م${character}م`, `${character}${character}`]) {
        const simpler = simplifyText(text);
        if (simplifyText(simpler) !== simpler) expect({ text, simpler, code }).toBeUndefined();
      }
    }
  }, 60_000);
});

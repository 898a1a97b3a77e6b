import { expect, it } from '@jest/globals';
import { RecipientSet } from '../../lib/campaigns/intake/recipient-set.js';

it('a recipient set distinguishes known from new numbers, Saudi or not', () => {
  const seen = new RecipientSet();
  const numbers = ['966500000000', '966500000001', '966500100000', '966599999999', '971501234567', '9665012345678'];
  expect(numbers.map((number) => seen.add(number))).toEqual(numbers.map(() => true));
  expect(numbers.map((number) => seen.add(number))).toEqual(numbers.map(() => false));
});

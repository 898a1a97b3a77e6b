import { describe, expect, it } from '@jest/globals';
import { readDestinations } from '../../lib/dto/destinations.js';

describe('recipients', () => {
  it.each([
    ['966501234567,0', ['966501234567']],
    ['966501234567,00', ['966501234567']],
    ['٩٦٦٥٠١٢٣٤٥٦٧،٠', ['966501234567']],
    ["'0501234567,0501234568", ['966501234567', '966501234568']],
    ['966501234567.0, 966501234568.0', ['966501234567', '966501234568']],
  ])('in the string %j are read with the decimals of a spreadsheet', (written, dests) => {
    expect(readDestinations(written, 'SA')).toEqual({ dests, skipped: 0, faults: [] });
  });

  it.each([
    [[501234567], 'dests[0]', "must be a string, such as '0501234567'"],
    [[null], 'dests[0]', "must be a string, such as '0501234567'"],
    [[''], 'dests[0]', 'is empty'],
    [501234567, 'dests', "must be an array of strings, such as ['0501234567'], or a string separated by commas"],
  ])('that are not strings are refused with the expected form: %j', (written, field, reason) => {
    expect(readDestinations(written, 'SA').faults).toEqual([{ field, reason }]);
  });

  it('are not skipped silently where an array has holes', () => {
    const dests: unknown[] = ['0501234567'];
    dests[2] = '0501234568';
    expect(readDestinations(dests, 'SA').faults).toEqual([
      { field: 'dests[1]', reason: "must be a string, such as '0501234567'" },
    ]);
    expect(readDestinations(new Array(3), 'SA').faults).toHaveLength(3);
  });

  it.each([
    ['2024-01-15', 'is a date'],
    ['192.168.100.200', 'is an IP address'],
    ['9.66501E+11', 'is in scientific notation, which drops digits: export the column as text'],
    ['-501234567', 'is negative: a minus sign stands before its digits'],
    ['5012345.67', 'is a number with decimals: export the column as text, or without decimals'],
  ])('that are not phone numbers are refused with the reason, and are not shown: %j', (written, reason) => {
    const [fault] = readDestinations([written], 'any').faults;
    expect(fault).toEqual({
      field: 'dests[0]',
      reason: expect.stringMatching(new RegExp(`^"[\\d*+]+" ${escape(reason)}$`)),
    });
    expect(fault?.reason).not.toContain(written);
  });
});

const escape = (text: string): string => text.replace(/[+.*]/g, '\\$&');

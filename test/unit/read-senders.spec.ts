import { describe, expect, it } from '@jest/globals';
import { readSenders } from '../../lib/gateway/read-senders.js';
import { readWhoAmI } from '../../lib/gateway/read-who-am-i.js';

describe('the senders of an answer', () => {
  it.each<[string, unknown, (string | undefined)[] | undefined]>([
    ['an array of names', ['A', 'B'], ['A', 'B']],
    ['an empty array', [], []],
    ['srcs', { srcs: ['A'] }, ['A']],
    ['addresses', { addresses: [{ address: 'A' }] }, ['A']],
    ['data', { data: [{ name: 'A' }] }, ['A']],
    ['data with a list inside', { data: { srcs: [{ src: 'A' }], count: 1 } }, ['A']],
    ['other capitals', { Srcs: [{ Src: 'A' }] }, ['A']],
    ['numbers as numbers', [966112345678, { src: 800 }], ['966112345678', '800']],
    [
      'rows that cannot be read',
      ['A', null, 7.5, true, '', {}, ['B'], { src: ' ' }],
      ['A', undefined, '7.5', ...Array<undefined>(5)],
    ],
    ['no list', { total: 0 }, undefined],
    ['a text', 'A', undefined],
    ['nothing', null, undefined],
    ['null under a known name', { srcs: null }, undefined],
    ['names of every object', { constructor: ['A'] }, undefined],
  ])('are read from %s', (_what, raw, names) => {
    const read = readSenders(raw);
    expect(read.senders?.map(({ src }) => src)).toEqual(names);
    expect(read.raw).toBe(raw);
  });

  it('keep each raw row unchanged', () => {
    const rows = [{ src: 'A', status: 'approved' }, 5];
    expect(readSenders({ data: rows }).senders?.map(({ raw }) => raw)).toEqual(rows);
  });
});

describe('the user of an answer', () => {
  it.each([
    ['at the top', { userId: 5, username: 'u', email: 'e' }, { userId: '5', username: 'u', email: 'e' }],
    ['in an envelope', { data: { userId: '5', Email: 'e' } }, { userId: '5', username: undefined, email: 'e' }],
    ['under user', { user: { id: 5, username: 'u' } }, { userId: '5', username: 'u', email: undefined }],
    ['not at all', { ok: true }, { userId: undefined, username: undefined, email: undefined }],
    ['in other types', { userId: {}, username: [], email: 5 }, { userId: undefined, username: undefined, email: '5' }],
  ])('is read %s', (_where, raw, user) => expect(readWhoAmI(raw)).toEqual({ ...user, raw }));
});

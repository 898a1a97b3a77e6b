import { describe, expect, it } from '@jest/globals';
import { salvageRows } from '../../lib/gateway/salvage-rows.js';

const rows = [
  { msgId: 'm1', status: 'delivered', src: 'A "quoted" {brand}' },
  { msgId: 'm2', note: 'ends in a backslash \\', nested: { list: [1, { deep: ']' }] } },
  { msgId: 'm3', status: 'مرحبا 😀' },
];
const list = JSON.stringify(rows);

describe('the complete rows of a truncated list', () => {
  it('are those that end before the truncation, wherever that is', () => {
    const ends = rows.map((row) => list.indexOf(JSON.stringify(row)) + JSON.stringify(row).length);
    for (let length = 1; length < list.length; length++) {
      const whole = ends.filter((end) => end <= length).length;
      expect(salvageRows(list.slice(0, length))).toEqual({ rows: rows.slice(0, whole), cut: true });
    }
  });

  it.each(['dlrs', 'statuses', 'items', 'results', 'data', 'Dlrs'])('are found in the envelope %s', (name) => {
    expect(salvageRows(JSON.stringify({ [name]: rows }).slice(0, -3))).toEqual({ rows: rows.slice(0, 2), cut: true });
  });

  it.each([
    ['one level deeper', '{"data":{"statuses":['],
    ['in a result', '{"result":{"dlrs":['],
    ['behind other fields', '{"statusCode":200,"statusDesc":"a [{\\"x\\"","at":null,"page":{"dest":[{}]},"dlrs":['],
    ['behind other fields, one level deeper', '{"ok":true,"data":{"count":3,"more":[1,[2]],"Statuses":['],
    ['beside an empty one', '{"data":[],"dlrs":['],
  ])('are found %s', (_where, start) => {
    const cut = start + JSON.stringify(rows).slice(1, -3);
    expect(salvageRows(cut)).toEqual({ rows: rows.slice(0, 2), cut: true });
  });

  it('are found behind a byte order mark and white space', () => {
    expect(salvageRows(`\ufeff \r\n[ ${JSON.stringify(rows[0])} ,\n {"msgId":`)).toEqual({
      rows: [rows[0]],
      cut: true,
    });
  });

  it('keep the digits of ids that are too large for a number', () => {
    expect(salvageRows('[{"msgId":12345678901234567890},{').rows).toEqual([{ msgId: '12345678901234567890' }]);
  });

  it('end before a damaged row, which does not count as truncation', () => {
    expect(salvageRows(`[${JSON.stringify(rows[0])},{"msgId":oops},${JSON.stringify(rows[2])}]`)).toEqual({
      rows: [rows[0]],
      cut: false,
    });
    expect(salvageRows('[{"msgId":"m1"},null,{"msgId":"m2"}')).toEqual({ rows: [{ msgId: 'm1' }], cut: false });
  });

  it.each(['', ' ', '<html>[{}', 'oops', '{"error":"no"', '"[{}"', '{"a":{"b":[', '\u0000\ufffd['])(
    'are none in %j',
    (text) => {
      expect(salvageRows(text).rows).toEqual([]);
    },
  );

  it.each([
    '{"page":[{"msgId":"m1"},{',
    '{"error":{"dlrs":[{"msgId":"m1"},{',
    '{"a":{"data":{"dlrs":[{"msgId":"m1"},{',
  ])('are not looked for in lists that contain no reports: %s', (text) => {
    expect(salvageRows(text).rows).toEqual([]);
  });

  it('are found in linear time', () => {
    const deep = `[${'{"a":'.repeat(200_000)}`;
    expect(salvageRows(deep)).toEqual({ rows: [], cut: true });
    expect(salvageRows(`[${'{"a":1},'.repeat(200_000)}`).rows).toHaveLength(200_000);
    for (const piece of [
      '{"data":',
      '{"data":[',
      '{"a":"',
      '{"a":1,"',
      '{"\\"',
      '[[{"',
      '{"x":[],',
      '{"data":{"b":{},',
    ])
      expect(salvageRows(piece.repeat(200_000)).rows).toEqual([]);
  });
});

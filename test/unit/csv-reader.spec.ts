import { describe, expect, it } from '@jest/globals';
import { normalizeNumber } from 'nestjs-oursms';
import { CsvFault, CsvReader } from '../../sample-app/campaigns/csv-reader.js';
import { ListColumns } from '../../sample-app/campaigns/list-columns.js';
import { readList } from '../../sample-app/campaigns/read-list.js';

/** The cells of a text that comes in pieces of so many characters. */
function cellsOf(text: string, size = text.length || 1): string[][] {
  const reader = new CsvReader();
  const cells: string[][] = [];
  for (let at = 0; at < text.length; at += size) {
    for (const record of reader.read(text.slice(at, at + size))) cells.push(record.cells);
  }
  for (const record of reader.end()) cells.push(record.cells);
  return cells;
}

async function* pieces(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function listOf(bytes: Uint8Array, size = 7): Promise<object[]> {
  const found: object[] = [];
  for await (const { columns, records } of readList(pieces(bytes, size))) {
    for (const { line, cells } of records) for (const one of columns.recipients(cells)) found.push({ line, ...one });
  }
  return found;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('CSV is read the same, however it is split into chunks:', () => {
  it.each([
    [
      'commas',
      'a,b\n1,2\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'semicolons',
      'a;b\n1,5;2\n',
      [
        ['a', 'b'],
        ['1,5', '2'],
      ],
    ],
    [
      'tabs',
      'a\tb\n1\t2',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    ['lines ended by CR LF, LF and CR', 'a\r\nb\nc\rd', [['a'], ['b'], ['c'], ['d']]],
    [
      'separators, quotes and line breaks in quotes',
      '"a,b","say ""hi""","1\r\n2"\nx',
      [['a,b', 'say "hi"', '1\r\n2'], ['x']],
    ],
    [
      'a separator in the quotes of the first line',
      '"a;b;c",d\n1,2',
      [
        ['a;b;c', 'd'],
        ['1', '2'],
      ],
    ],
    ['a quote in the middle of a field', 'a,5" disc,b\nc', [['a', '5" disc', 'b'], ['c']]],
    ['what stands after a closing quote', '"a" b,c', [['a b', 'c']]],
    ['white space around fields', ' a , "b" ,\tc \n', [['a', 'b', 'c']]],
    ['empty fields, and no empty lines', ',\n\n  \na,,\n', [['a', '', '']]],
    ['an empty field in quotes', '"",x', [['', 'x']]],
    ['nothing', '', []],
    ['a last line without its end', 'a\nb,"c"', [['a'], ['b', 'c']]],
  ])('%s', (_what, text, expected) => {
    for (let size = 1; size <= text.length + 1; size++) expect(cellsOf(text, size)).toEqual(expected);
  });

  it('with the line on which each record starts', () => {
    const reader = new CsvReader();
    const records = [...reader.read('a\r\n\r\n"b\nb"\r\nc'), ...reader.end()];
    expect(records.map(({ line }) => line)).toEqual([1, 3, 5]);
  });
});

describe('a hostile CSV is refused, with an error that shows nothing of it:', () => {
  it.each([
    ['a line without an end', `0501234567\n${'x'.repeat(20_000)}`, /^Line 2 is longer than 10,000 characters/],
    ['a long line that ends', `0501234567\n${'x'.repeat(10_001)}\ny`, /^Line 2 is longer/],
    ['a long first line', 'x'.repeat(20_000), /^Line 1 is longer/],
    ['a quote that is not closed', `a\n"${'x\n'.repeat(10_000)}`, /^Line 2 is longer .* quote is not closed\.$/],
    ['a quote that is not closed at the end', 'a\n"xyz', /^Line 2 has a quote that is not closed\.$/],
    ['doubled quotes without an end', `"${'""'.repeat(20_000)}`, /^Line 1 is longer/],
    ['too many columns', `a\n1${',1'.repeat(100)}`, /^Line 2 has more than 100 columns\.$/],
  ])('%s', (_what, text, expected) => {
    for (const size of [1_000, 4_096, text.length]) {
      const read = (): unknown => cellsOf(text, size);
      expect(read).toThrow(CsvFault);
      expect(read).toThrow(expected);
    }
  });
});

describe('the columns of a list', () => {
  const recipient = (first: string[], cells: string[]): object => ({ ...new ListColumns(first).recipient(cells) });

  it.each([
    ...['dest', 'Number', 'MOBILE', 'phone', 'الجوال', 'Mobile Number', 'mobile_no.', 'tel', 'Tel.', 'msisdn'],
    ...['رقم الجوال', 'رقم_الجوّال', 'الجـوال'],
  ])('have the number under the heading %s', (name) => {
    expect(recipient(['name', name], ['Sara', '0501234567'])).toMatchObject({ name: 'Sara', dest: '0501234567' });
  });

  it.each([
    ['number,mobile', '17,0501234567'],
    ['number,cellular', '17,0501234567'],
    ['Name,GSM', 'Sara,٠٥٠١٢٣٤٥٦٧'],
    ['Number,Second', '0501234567,0501234568'],
    ['Sara,+966501234560', 'Omar,0501234567'],
  ])('have the number where numbers appear, when no heading says so: %j', async (first, next) => {
    const found = (await listOf(utf8(`${first}\n${next}\n`))) as { dest: string }[];
    expect(found.at(-1)?.dest).toMatch(/7$|٧$/);
  });

  it('have the number in the first column otherwise', () => {
    expect(recipient(['Contact', 'First name'], ['0501234567', 'Sara'])).toEqual({
      ...{ dest: '0501234567', Contact: '0501234567', First_name: 'Sara' },
    });
  });

  it('need no headings', () => {
    const columns = new ListColumns(['٠٥٠١٢٣٤٥٦٧', 'Sara']);
    expect(columns.hasHeader).toBe(false);
    expect(columns.recipient(['0501234567', 'Sara'])).toMatchObject({ dest: '0501234567', column2: 'Sara' });
  });

  it.each([
    ['0501234567, 0501234568, hello\n', ['0501234567', '0501234568', 'hello']],
    ['0501234567;0501234568;0501234569', ['0501234567', '0501234568', '0501234569']],
    ['0501234567، ٠٥٠١٢٣٤٥٦٨،12\n', ['0501234567', '٠٥٠١٢٣٤٥٦٨', '12']],
    ['0501234567\n0501234568,0501234569,\n', ['0501234567', '0501234568', '0501234569']],
    ['x,0501234567;0501234568\n', ['x', '0501234567', '0501234568']],
  ])('are not assumed where numbers appear side by side: each cell is a recipient, %j', async (text, dests) => {
    const found = (await listOf(utf8(text))) as { dest: string }[];
    expect(found.map(({ dest }) => dest)).toEqual(dests);
  });

  it('are not assumed when the first record is one number, even if numbers appear side by side far below', async () => {
    const many = Array.from({ length: 100 }, (_, i) => `05000000${String(i).padStart(2, '0')}`).join('\n');
    const found = (await listOf(utf8(`${many}\nhello\n0511111111, 0522222222\n`))) as { dest: string }[];
    expect(found).toHaveLength(103);
    expect(found.slice(-3).map(({ dest }) => dest)).toEqual(['hello', '0511111111', '0522222222']);
  });

  it('are assumed where names or codes appear beside the numbers', async () => {
    const found = await listOf(utf8('0501234567,12\n0501234568,hello\n'));
    expect(found).toMatchObject([
      { dest: '0501234567', column2: '12' },
      { dest: '0501234568', column2: 'hello' },
    ]);
    const named = await listOf(utf8('mobile,other\n0501234567,0501234568\n'));
    expect(named).toMatchObject([{ dest: '0501234567', other: '0501234568' }]);
  });

  it.each([
    ['mobile,name\n966501234567.0,Sara\n', '966501234567.0'],
    ['mobile;name\n966501234567,0;Sara\n', '966501234567,0'],
    ['mobile;name\n"966501234567,00";Sara\n', '966501234567,00'],
    ['mobile,name\n"=""0501234567""",Sara\n', '="0501234567"'],
    ['mobile,name\n="0501234567",Sara\n', '="0501234567"'],
    ["mobile,name\n'0501234567,Sara\n", "'0501234567"],
    ['966501234567,0\n966501234568,0\n', '966501234567'],
    ['"966501234567,0"\n"966501234568,0"\n', '966501234567,0'],
    ["'0501234567\n'0501234568\n", "'0501234567"],
    ['966501234567٫٠\n966501234568٫٠\n', '966501234567٫٠'],
  ])('contain the number as a spreadsheet writes it, in one piece: %j', async (text, dest) => {
    const found = (await listOf(utf8(text))) as { dest: string }[];
    expect(found[0]?.dest).toBe(dest);
    expect(found).toHaveLength(text.trim().split('\n').length - (text.startsWith('mobile') ? 1 : 0));
    expect(normalizeNumber(dest)).toEqual({ ok: true, number: '966501234567' });
  });

  it('are the same in whatever chunks the list arrives', async () => {
    const text = `0501234567,Sara\n${'0501234567,Sara\n'.repeat(30)}0501234568,0501234569\n`;
    const all = await listOf(utf8(text), 1);
    expect(all).toHaveLength(32);
    expect(await listOf(utf8(text), text.length)).toEqual(all);
  });

  it.each([
    ['+966 50 123 4567 ::: 050 765 4321', ['+966 50 123 4567', '050 765 4321']],
    ['0501234567 / 0507654321', ['0501234567', '0507654321']],
    ['0501234567; 12', ['0501234567', '12']],
    ['0501234567 | home', ['0501234567', 'home']],
    ['N/A', ['N/A']],
    ['050-123-4567', ['050-123-4567']],
  ])('may contain several numbers in a cell, as address books export them: %j', async (cell, dests) => {
    // The column beside it has a number too: it must not be taken instead.
    for (const name of ['Phone 1 - Value', 'mobile']) {
      const found = await listOf(
        utf8(`Name,${name},Fax\n"Sara","${cell}",\n"Omar","0501111111 ::: 0502222222",0112345678\nAli,0503333333,\n`),
      );
      const ofSara = (found as { dest: string; Name: string }[]).filter(({ Name }) => Name === 'Sara');
      expect(ofSara.map(({ dest }) => dest)).toEqual(dests);
      expect((found as { Name: string }[]).filter(({ Name }) => Name === 'Omar')).toHaveLength(2);
    }
  });

  it('leave out missing and surplus cells, and use the first of two columns with the same name', () => {
    expect(recipient(['dest', 'a', 'a', 'b'], ['1', 'x', 'y'])).toEqual({ dest: '1', a: 'x' });
    expect(recipient(['dest'], ['1', 'x'])).toEqual({ dest: '1' });
    expect(recipient(['a', 'dest'], ['x'])).toEqual({ dest: '', a: 'x' });
  });

  it('may have any name', () => {
    const fields = new ListColumns(['dest', '__proto__', 'constructor', '2nd']).recipient(['1', 'x', 'y', 'z']);
    expect(Object.entries(fields)).toEqual(
      expect.arrayContaining([
        ['__proto__', 'x'],
        ['constructor', 'y'],
        ['_2nd', 'z'],
      ]),
    );
    expect(Object.getPrototypeOf(fields)).toBe(Object.prototype);
  });
});

describe('a list', () => {
  it('may be UTF-8 with or without a byte order mark, split anywhere', async () => {
    const text = 'mobile;الاسم\r\n٠٥٠١٢٣٤٥٦٧;"علي; 😀"\r\n';
    for (const size of [1, 2, 3, 100]) {
      for (const mark of ['', '\ufeff']) {
        expect(await listOf(utf8(mark + text), size)).toEqual([
          { line: 2, dest: '٠٥٠١٢٣٤٥٦٧', mobile: '٠٥٠١٢٣٤٥٦٧', الاسم: 'علي; 😀' },
        ]);
      }
    }
  });

  it('may be UTF-16 with tabs, as Excel saves "Unicode text", in either byte order, split anywhere', async () => {
    const text = 'mobile\tالاسم\r\n٠٥٠١٢٣٤٥٦٧\tعلي 😀\r\n';
    const little = Buffer.from(`\ufeff${text}`, 'utf16le');
    const big = Buffer.from(little).swap16();
    for (const bytes of [little, big, Buffer.from('0501234567\r\n', 'utf16le')]) {
      for (const size of [1, 2, 3, 1_000]) {
        const found = (await listOf(new Uint8Array(bytes), size)) as { dest: string }[];
        expect(found).toHaveLength(1);
        expect(found[0]?.dest).toMatch(/[7٧]$/);
      }
    }
    expect(await listOf(new Uint8Array(big), 3)).toEqual([
      { line: 2, dest: '٠٥٠١٢٣٤٥٦٧', mobile: '٠٥٠١٢٣٤٥٦٧', الاسم: 'علي 😀' },
    ]);
  });

  it.each(['sep=;', 'SEP=;\r', '"sep=;"', '\ufeffsep=;'])(
    'may declare its separator in its first line: %j',
    async (line) => {
      for (const size of [1, 5, 1_000]) {
        expect(await listOf(utf8(`${line}\nname;mobile\nSara, A.;0501234567\n`), size)).toEqual([
          { line: 3, dest: '0501234567', name: 'Sara, A.', mobile: '0501234567' },
        ]);
      }
    },
  );

  it('has a column sep_ when its first line only looks like a declaration', async () => {
    expect(await listOf(utf8('sep=,mobile\nx,0501234567\n'))).toMatchObject([{ dest: '0501234567', sep_: 'x' }]);
  });

  it.each([
    ['Windows-1256', [0x64, 0x0a, 0xd3, 0xe1, 0x0a]],
    ['UTF-16, cut within a character', [0xff, 0xfe, 0x30, 0x00, 0x30]],
    ['cut within a character', [0x61, 0xd8]],
  ])('in another encoding is refused: %s', async (_what, bytes) => {
    await expect(listOf(new Uint8Array(bytes))).rejects.toMatchObject({ code: 'ERR_ENCODING_INVALID_ENCODED_DATA' });
  });
});

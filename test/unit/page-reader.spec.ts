import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { pageOf, type DlrPage } from '../../lib/gateway/dlr-page.js';
import { PageReader } from '../../lib/inbox/page-reader.js';

afterEach(() => {
  jest.restoreAllMocks();
});

const pageWith = (msgId: string, more = ''): DlrPage =>
  pageOf('default', { bytes: Buffer.from(JSON.stringify([{ msgId, status: 'delivered', more }])) }, 200);

/** How often a text is parsed while the reader reads the pages. */
async function timesParsed(reader: PageReader, page: DlrPage, jobs: readonly string[]): Promise<number> {
  const parse = jest.spyOn(JSON, 'parse');
  for (const id of jobs) {
    const { dlrs } = await reader.read(id, page);
    expect(dlrs).toHaveLength(1);
  }
  return parse.mock.calls.filter(([text]) => text === page.text).length;
}

describe('a page reader', () => {
  it('parses a page once for both of its readers, even at the same time', async () => {
    const reader = new PageReader(10_000_000);
    const page = pageWith('m1');
    const parse = jest.spyOn(JSON, 'parse');
    const [first, second] = await Promise.all([reader.read('a', page), reader.read('a', page)]);
    expect(second).toBe(first);
    expect(parse.mock.calls.filter(([text]) => text === page.text)).toHaveLength(1);
  });

  it('parses it again for a third reader', async () => {
    expect(await timesParsed(new PageReader(10_000_000), pageWith('m1'), ['a', 'a', 'a'])).toBe(2);
  });

  it('keeps no more than 8 readings, and none of a long page', async () => {
    const others = Array.from({ length: 8 }, (_, i) => `other-${i}`);
    const jobs = ['a', ...others, 'a'];
    expect(await timesParsed(new PageReader(10_000_000), pageWith('m1'), jobs)).toBe(10);
    const long = pageWith('m2', 'x'.repeat(1024 * 1024));
    expect(await timesParsed(new PageReader(10_000_000), long, ['a', 'a'])).toBe(2);
  });

  it('keeps no reading of more reports than a download can ask for, however short the page was compressed', async () => {
    const rows = Array.from({ length: 1_001 }, () => ({ msgId: 'm1', status: 'delivered' }));
    const bytes = gzipSync(JSON.stringify(rows));
    const page = pageOf('default', { bytes, contentEncoding: 'gzip' }, 200);
    expect(page.text.length).toBeLessThan(1_000);
    const reader = new PageReader(10_000_000);
    const first = await reader.read('a', page);
    expect(first.dlrs).toHaveLength(1_001);
    expect(await reader.read('a', page)).not.toBe(first);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { CampaignInput, CampaignRecipient } from 'nestjs-oursms';
import type { CampaignChunk, IntakeCounts } from '../../lib/campaigns/store/campaign-record.js';
import { RecipientReader, type RecipientSink } from '../../lib/campaigns/intake/recipient-reader.js';
import { mobile } from '../support/campaign-bench.js';

/** A sink that keeps what it gets, and says so. */
class Kept implements RecipientSink {
  readonly chunks: CampaignChunk[] = [];
  readonly leftOut: CampaignInput[] = [];
  onChunk: (chunk: CampaignChunk) => void = () => undefined;
  room: () => Promise<void> | undefined = () => undefined;

  left(_list: 'invalid' | 'duplicate', input: CampaignInput): void {
    this.leftOut.push(input);
  }

  chunk(chunk: CampaignChunk): void {
    this.chunks.push(chunk);
    this.onChunk(chunk);
  }
}

const read = (body: string, recipients: Iterable<CampaignRecipient>, sink: RecipientSink): Promise<IntakeCounts> =>
  new RecipientReader({ body, country: 'SA' }, sink).read(recipients);

/** So many recipients, whose texts come round in turn. */
function* inTurn(texts: number, each: number): Iterable<CampaignRecipient> {
  for (let i = 0; i < texts * each; i++) yield { dest: mobile(i), text: `text ${i % texts}` };
}

describe('recipients with the same text', () => {
  it.each([
    [2, 700, 4],
    [1_001, 100, 1_001],
    [10_000, 5, 10_000],
  ])('share a request even if %i texts alternate, with %i recipients each', async (texts, each, requests) => {
    const sink = new Kept();
    expect(await read('{text}', inTurn(texts, each), sink)).toMatchObject({ recipients: texts * each });
    expect(sink.chunks).toHaveLength(requests);
    expect(new Set(sink.chunks.flatMap(({ dests }) => dests)).size).toBe(texts * each);
  });

  it('are sent when too many are buffered, the fullest requests first', async () => {
    const sink = new Kept();
    // Each even text comes twice as often, and all together are more than are gathered.
    const recipients = (function* (): Iterable<CampaignRecipient> {
      for (let i = 0; i < 250_000; i++) yield { dest: mobile(i), text: `text ${i % 2 === 0 ? i % 1_000 : i % 2_000}` };
    })();
    await read('{text}', recipients, sink);
    const sizes = sink.chunks.map(({ dests }) => dests.length);
    expect(sizes.slice(0, 10).every((size) => size > 150)).toBe(true);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(250_000);
    expect(sink.chunks.length).toBeLessThan(3_000);
  });
});

describe('a recipient whose text cannot be rendered', () => {
  it.each<[string, unknown, string]>([
    ['not a number', Number.NaN, 'has neither a string nor a number for {points}'],
    ['an infinite number', 1 / 0, 'has neither a string nor a number for {points}'],
    ['an object', {}, 'has neither a string nor a number for {points}'],
    ['nothing', undefined, 'has neither a string nor a number for {points}'],
    ['half of a character', 'a \ud83d', 'has half of a character in its text'],
    ['the other half', '\ude00', 'has half of a character in its text'],
  ])('is invalid, without affecting the others: %s', async (_what, points, reason) => {
    const sink = new Kept();
    const recipients = [mobile(0), mobile(1), mobile(2)].map((dest, i) => ({ dest, points: [7, points, '😀'][i] }));
    expect(await read('You have {points}', recipients, sink)).toMatchObject({ recipients: 2, invalid: 1 });
    expect(sink.leftOut).toEqual([{ dest: mobile(1), reason }]);
    expect(sink.chunks.map(({ body }) => body)).toEqual(['You have 7', 'You have 😀']);
  });

  it('is reported with the fields that it lacks', async () => {
    const sink = new Kept();
    await read('{a} {b}', [{ dest: mobile(0), a: 1 }, mobile(1)], sink);
    expect(sink.leftOut.map(({ reason }) => reason)).toEqual(['has no field {b}', 'has no field {a}, {b}']);
  });
});

describe('the buffer of recipients', () => {
  it.each<[string, number, number, (i: number) => number]>([
    ['texts, when each recipient has a different one', 10_000, 32_000, (i) => i],
    ['recipients, when few share a text', 200_000, 230_000, (i) => i % 1_500],
  ])('is bounded in %s', async (_what, bound, recipientCount, textOf) => {
    const sink = new Kept();
    let given = 0;
    let taken = 0;
    let most = 0;
    sink.onChunk = ({ dests }) => void (taken += dests.length);
    const recipients = (function* (): Iterable<CampaignRecipient> {
      for (; given < recipientCount; given++) {
        most = Math.max(most, given - taken);
        yield { dest: mobile(given), text: `text ${textOf(given)}` };
      }
    })();
    await read('{text}', recipients, sink);
    expect(most).toBeLessThanOrEqual(bound);
    // It is used, too.
    expect(most).toBeGreaterThan(bound / 2);
    expect(taken).toBe(recipientCount);
  });

  it('is emptied no faster than the requests are accepted', async () => {
    const sink = new Kept();
    let waiting = 0;
    let most = 0;
    sink.onChunk = () => void (most = Math.max(most, ++waiting));
    sink.room = () =>
      waiting < 32 ? undefined : new Promise((resolve) => setImmediate(resolve)).then(() => void (waiting = 0));
    await read('{text}', inTurn(12_000, 1), sink);
    expect(most).toBe(32);
    expect(sink.chunks).toHaveLength(12_000);
  });
});

describe('while recipients are read', () => {
  /** A limit, so that a reader which blocks the event loop still ends. */
  const MANY = 3_000_000;
  const until = function* (isOver: () => boolean): Iterable<string> {
    for (let i = 0; i < MANY && !isOver(); i++) yield mobile(0);
  };

  it.each<[string, (isOver: () => boolean) => Iterable<string> | AsyncIterable<string>]>([
    ['an endless iterable', until],
    [
      'an async iterable that has everything at hand',
      async function* (isOver) {
        yield* until(isOver);
      },
    ],
  ])('the event loop is not blocked: %s', async (_what, recipients) => {
    let isOver = false;
    const timer = setTimeout(() => (isOver = true), 20);
    const { total } = await new RecipientReader({ body: 'x', country: 'SA' }, new Kept()).read(
      recipients(() => isOver),
    );
    clearTimeout(timer);
    expect(total).toBeLessThan(MANY);
  });
});

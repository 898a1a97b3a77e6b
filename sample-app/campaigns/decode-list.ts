import { TextDecoder } from 'node:util';

/**
 * Decodes a list as its bytes come in: UTF-8, or UTF-16 as Excel writes it ("Unicode text").
 *
 * @throws {TypeError} of `TextDecoder` for bytes that are neither
 */
export async function* decodeList(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  let decoder: TextDecoder | undefined;
  let waiting: Uint8Array = new Uint8Array();
  for await (const some of bytes) {
    waiting = waiting.length === 0 ? some : Buffer.concat([waiting, some]);
    // The first two bytes tell.
    if (decoder === undefined && waiting.length < 2) continue;
    decoder ??= new TextDecoder(encodingOf(waiting), { fatal: true });
    yield decoder.decode(waiting, { stream: true });
    waiting = new Uint8Array();
  }
  yield (decoder ?? new TextDecoder('utf-8', { fatal: true })).decode(waiting);
}

/** By the byte order mark, or by a zero byte, which no list in UTF-8 begins with. */
function encodingOf([first, second]: Uint8Array): string {
  if ((first === 0xff && second === 0xfe) || second === 0) return 'utf-16le';
  return (first === 0xfe && second === 0xff) || first === 0 ? 'utf-16be' : 'utf-8';
}

import type { ClassicLevel } from 'classic-level';
import type { StoreChange } from './ordered-store.js';

/**
 * How many of the last writes are numbered. LevelDB can only lose what is still in its log, which holds no more than the last
 * 8 MB of changes: two of its buffers. A write of a queue takes more than 200 bytes of them.
 */
const NUMBERED = 50_000;

const LIST = { gt: 'write!', lt: 'write"' };
const DIGITS = 15;
const BYTES_AT_ONCE = 256 * 1024;

const keyOf = (write: number): string => `${LIST.gt}${String(write).padStart(DIGITS, '0')}`;

/**
 * The number of the last write, 0 when none was numbered; undefined when one before it is missing. LevelDB drops a damaged part
 * of its log silently, and reads on after it.
 */
export async function lastWrite(db: ClassicLevel<string, string>): Promise<number | undefined> {
  const keys = db.keys({ ...LIST, fillCache: false, highWaterMarkBytes: BYTES_AT_ONCE });
  try {
    let last = 0;
    for (;;) {
      const found = await keys.nextv(NUMBERED);
      if (found.length === 0) return last;
      for (const key of found) {
        const write = Number(key.slice(-DIGITS));
        if (last !== 0 && write !== last + 1) return undefined;
        last = write;
      }
    }
  } finally {
    await keys.close();
  }
}

/** Changes that number a write, so that its loss is noticed. */
export function numbered(write: number): StoreChange[] {
  const put: StoreChange = { type: 'put', key: keyOf(write), value: '' };
  return write > NUMBERED ? [put, { type: 'del', key: keyOf(write - NUMBERED) }] : [put];
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DlrPage } from '../gateway/dlr-page.js';
import { readDlrs, type DlrReading } from '../gateway/read-dlrs.js';

/** Readings that may be kept. No download starts while as many pages wait for their handler. */
const MAX_KEPT = 8;
/** The reading of a larger page is not kept: a download asks for 500 reports at most, so the gateway is faulty. */
const MAX_REPORTS = 1_000;
/** The reading of a longer page is not kept. Characters, as stored. */
const MAX_CHARACTERS = 1024 * 1024;

interface KeptReading {
  id: string;
  reading: Promise<DlrReading>;
}

/**
 * Reads downloaded pages. Both the poll, for its result, and the handler of the page read each of them: the first reading is kept
 * for the second.
 */
export class PageReader {
  /** Oldest first. A reading stays here when another process handles its page. */
  readonly #kept: KeptReading[] = [];

  /** @param maxBytes Limit of a decompressed page. */
  constructor(private readonly maxBytes: number) {}

  /** Reads a page, or returns what the first call for this job has read. */
  read(id: string, page: DlrPage): Promise<DlrReading> {
    const kept = this.#kept.find((one) => one.id === id);
    if (kept !== undefined) {
      this.#drop(kept);
      return kept.reading;
    }
    // The request of the next download leaves first, so that the gateway answers it while this page is parsed.
    const reading = nextTurn().then(() => readDlrs(page, this.maxBytes));
    if (page.text.length <= MAX_CHARACTERS) this.#keep({ id, reading });
    return reading;
  }

  #keep(kept: KeptReading): void {
    this.#kept.push(kept);
    if (this.#kept.length > MAX_KEPT) this.#kept.shift();
    // A compressed page may be short, and hold very many reports.
    void kept.reading.then(({ dlrs }) => dlrs.length > MAX_REPORTS && this.#drop(kept));
  }

  #drop(kept: KeptReading): void {
    const at = this.#kept.indexOf(kept);
    if (at >= 0) this.#kept.splice(at, 1);
  }
}

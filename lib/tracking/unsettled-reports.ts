import type { KeptReport } from './kept-report.js';
import type { PageNote } from './page-notes.js';
import { RecentEntries } from './recent-entries.js';

/** Recipients whose reports are remembered: more than listeners ever have at the same time. */
const MOST_RECIPIENTS = 10_000;
/** Deleted records that are remembered: a page may still have reports of them. */
const MOST_FORGOTTEN = 1_000;

/** Matched reports whose page is not settled yet: the store does not have them. */
export class UnsettledReports {
  readonly #byRecipient = new RecentEntries<readonly UnsettledReport[]>(MOST_RECIPIENTS);
  readonly #forgotten = new RecentEntries<true>(MOST_FORGOTTEN);

  /** Adds a report unless one has this name. @returns The note of the report with this name, to write with the page */
  add(id: string, name: string, report: KeptReport): PageNote {
    const key = recipientKey(id, report.index);
    const others = this.#byRecipient.get(key);
    const same = others?.find((other) => other.name === name);
    if (same) return same;
    const unsettled = new UnsettledReport(this, id, name, report);
    this.#byRecipient.set(key, others ? [...others, unsettled] : [unsettled]);
    return unsettled;
  }

  /** The reports of a recipient of a record. */
  of(id: string, index: number): readonly { name: string; keptText: string }[] {
    return this.#byRecipient.get(recipientKey(id, index)) ?? [];
  }

  /** Removes a report that the store has. */
  settle({ id, name, index }: UnsettledReport): void {
    const key = recipientKey(id, index);
    const others = this.#byRecipient.get(key)?.filter((other) => other.name !== name) ?? [];
    if (others.length > 0) this.#byRecipient.set(key, others);
    else this.#byRecipient.delete(key);
  }

  /** Removes the reports of a record that is deleted, and lets no page write them. @returns Their names */
  forget(id: string, recipients: number): string[] {
    this.#forgotten.set(id, true);
    const names: string[] = [];
    for (let index = 0; index < recipients; index++) {
      names.push(...this.of(id, index).map(({ name }) => name));
      this.#byRecipient.delete(recipientKey(id, index));
    }
    return names;
  }

  /** Whether a record was deleted a moment ago. */
  isForgotten(id: string): boolean {
    return this.#forgotten.has(id);
  }
}

class UnsettledReport implements PageNote {
  readonly index: number;
  readonly keptText: string;

  constructor(
    private readonly unsettled: UnsettledReports,
    readonly id: string,
    readonly name: string,
    report: KeptReport,
  ) {
    this.index = report.index;
    this.keptText = JSON.stringify(report);
  }

  /** Undefined when the record was deleted meanwhile. */
  text(): string | undefined {
    return this.unsettled.isForgotten(this.id) ? undefined : this.keptText;
  }

  written(): void {
    this.unsettled.settle(this);
  }
}

const recipientKey = (id: string, index: number): string => `${id}/${index}`;

import { Injectable } from '@nestjs/common';
import { OnDlr, type Dlr } from 'nestjs-oursms';

const PATIENCE_MS = 20_000;

/** Waits for reports, however they come. */
@Injectable()
export class ReportListener {
  readonly #reports: Dlr[] = [];
  #arrived: () => void = () => undefined;

  @OnDlr()
  onDlr(report: Dlr): void {
    this.#reports.push(report);
    this.#arrived();
  }

  /** The report of this place, from 0 on, as soon as it is there. */
  async report(place: number): Promise<Dlr> {
    const report = this.#reports[place];
    if (report !== undefined) return report;
    await new Promise<void>((resolve, reject) => {
      const giveUp = setTimeout(() => reject(new Error('no report arrived')), PATIENCE_MS);
      this.#arrived = () => {
        clearTimeout(giveUp);
        resolve();
      };
    });
    return this.report(place);
  }
}

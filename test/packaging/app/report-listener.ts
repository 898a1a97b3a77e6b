import { Injectable } from '@nestjs/common';
import { OnDlr, type Dlr } from 'nestjs-oursms';

const PATIENCE_MS = 20_000;

/** Waits for the first report that the poller brings. */
@Injectable()
export class ReportListener {
  #report: Dlr | undefined;
  #arrived: ((report: Dlr) => void) | undefined;

  @OnDlr()
  onDlr(report: Dlr): void {
    this.#report = report;
    this.#arrived?.(report);
  }

  first(): Promise<Dlr> {
    if (this.#report !== undefined) return Promise.resolve(this.#report);
    return new Promise((resolve, reject) => {
      const giveUp = setTimeout(() => reject(new Error('no report arrived')), PATIENCE_MS);
      this.#arrived = (report) => {
        clearTimeout(giveUp);
        resolve(report);
      };
    });
  }
}

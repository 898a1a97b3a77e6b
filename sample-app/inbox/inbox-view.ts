import { Injectable } from '@nestjs/common';
import { DlrInbox, type Dlr, type DlrInboxStats, type DlrStatus, type FailedDlr } from 'nestjs-oursms';
import { ReportWay } from '../reports/report-way.js';
import { DemoFailure } from './demo-failure.js';
import { maskNumber } from './mask-number.js';

/** Failed reports that are listed. */
const LISTED = 50;

/** What is in the inbox. */
export interface InboxStats extends DlrInboxStats {
  /** Whether the listener fails on purpose; absent with the real gateway. */
  failing?: boolean;
  /** Whether reports are polled or pushed; absent where that cannot be switched. */
  way?: Dlr['via'];
}

/** A report that was given up, as far as everyone may see it. */
export interface FailedReport {
  /** The report's `Dlr.id`. */
  id: string;
  /** The recipient, masked. */
  dest?: string;
  status: DlrStatus;
  /** What the listener failed with the last time. */
  reason: string;
  attempts: number;
  /** ISO 8601, UTC. */
  failedAt: string;
}

/** Looks into the inbox, for a person. */
@Injectable()
export class InboxView {
  constructor(
    private readonly inbox: DlrInbox,
    private readonly demoFailure: DemoFailure,
    private readonly reportWay: ReportWay,
  ) {}

  /** What is in it. @throws {OurSmsStorageError} when the store cannot be read */
  async stats(): Promise<InboxStats> {
    return { ...(await this.inbox.stats()), failing: this.demoFailure.isOn, way: this.reportWay.current };
  }

  /** The oldest of the reports that were given up. @throws {OurSmsStorageError} when the store cannot be read */
  async failed(): Promise<FailedReport[]> {
    const reports: FailedReport[] = [];
    for await (const failed of this.inbox.failed()) {
      reports.push(show(failed));
      if (reports.length === LISTED) break;
    }
    return reports;
  }
}

function show({ id, dlr, reason, attempts, failedAt }: FailedDlr): FailedReport {
  const dest = dlr.dest === undefined ? undefined : maskNumber(dlr.dest);
  return { id, dest, status: dlr.status, reason, attempts, failedAt };
}

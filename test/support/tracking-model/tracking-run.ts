import { isDeepStrictEqual } from 'node:util';
import { setTimeout as wait } from 'node:timers/promises';
import { EventEmitter2 } from '@nestjs/event-emitter';
import {
  getMessagesToken,
  getOurSmsToken,
  OURSMS_MESSAGE_CONFIRMED,
  OurSmsError,
  OurSmsModule,
  type Dlr,
  type Messages,
  type MessagesConfirmed,
  type OurSmsService,
  type TrackedRecipient,
} from 'nestjs-oursms';
import { DlrListener, startApplication, TestStorage, until, type TestApplication } from '../application.js';
import { ScriptedGateway, type ScriptedAnswer } from '../scripted-gateway.js';
import { Seeded } from '../seeded.js';
import { expectedMatch, type Expected, type ReportRow } from './expected-match.js';
import { ACCOUNTS, answerTo, RandomTraffic, type AccountRow } from './random-traffic.js';
import { isFinalTruth, keep, stateOfTruth, type TruthMessage, type TruthSend } from './tracked-truth.js';

/** What a run has found. */
export interface RunResult {
  sends: number;
  reports: number;
  matched: Record<NonNullable<Dlr['matched']>, number>;
  unmatched: number;
  /** Reports of messages of this run that were not matched. */
  undecided: number;
  restarts: number;
  /** What must not be. */
  faults: string[];
}

interface SendPlan {
  send: TruthSend;
  arrived: () => void;
  /** Holds up the answer. */
  held?: Promise<void>;
}

/** A random run of sends, reports, restarts and the like on a real application, and a model that says what must come of it. */
export class TrackingRun {
  readonly result: RunResult = {
    ...{ sends: 0, reports: 0, matched: { msgId: 0, job: 0, dest: 0 }, unmatched: 0, undecided: 0, restarts: 0 },
    faults: [],
  };
  readonly #random: Seeded;
  readonly #traffic: RandomTraffic;
  readonly #plans = new Map<string, SendPlan>();
  readonly #handled: Dlr[] = [];
  readonly #confirmed: string[] = [];
  readonly #expectedConfirmed: string[] = [];
  /** Since the application started. */
  readonly #counts = new Map<string, { msgId: number; job: number; dest: number; unmatched: number }>();
  readonly #byDest: boolean;
  #gateway!: ScriptedGateway;
  #storage: TestStorage | undefined;
  #application!: TestApplication;

  constructor(private readonly seed: number) {
    this.#random = new Seeded(-seed);
    this.#traffic = new RandomTraffic(seed);
    this.#byDest = this.#random.next(5) > 0;
  }

  /** Runs so many steps. */
  async run(steps: number): Promise<RunResult> {
    this.#gateway = await ScriptedGateway.start();
    if (this.#random.next(5) > 0) this.#storage = await TestStorage.make();
    try {
      this.#gateway.onSend = (send) => this.#answer(send.body);
      await this.#start();
      for (let step = 0; step < steps && this.result.faults.length === 0; step++) await this.#step(step);
      await this.#checkAll();
      return this.result;
    } finally {
      await this.#application?.close();
      await this.#gateway.stop();
      await this.#storage?.remove();
    }
  }

  async #step(step: number): Promise<void> {
    const kind = this.#random.next(100);
    if (kind < 30 || step < 4) await this.#send();
    else if (kind < 42) await this.#early();
    else if (kind < 92) await this.#report(this.#traffic.someRows());
    else if (kind < 95) await this.#forget();
    else if (kind < 98 && this.#storage) await this.#restart();
    else await this.#checkAll();
  }

  async #start(): Promise<void> {
    const options = {
      baseUrl: this.#gateway.url,
      storage: this.#storage ?? ('memory' as const),
      retry: { attempts: 1 },
      dlr: { poll: { everyMs: 10 } },
      tracking: { matchByDest: this.#byDest },
    };
    const modules = ACCOUNTS.map((account) =>
      OurSmsModule.forRoot({
        ...options,
        auth: { username: account, password: 'x' },
        ...(account === 'default' ? {} : { name: account }),
      }),
    );
    this.#application = await startApplication(modules, [DlrListener]);
    this.#application.app.get(DlrListener).onReport = (dlr) => void this.#handled.push(dlr);
    this.#application.app
      .get(EventEmitter2)
      .on(OURSMS_MESSAGE_CONFIRMED, ({ account, messages }: MessagesConfirmed) => {
        for (const { reference, dest, sentAt } of messages)
          this.#confirmed.push([account, reference, dest, sentAt].join(' '));
      });
    for (const account of ACCOUNTS) this.#counts.set(account, { msgId: 0, job: 0, dest: 0, unmatched: 0 });
  }

  async #restart(): Promise<void> {
    await this.#checkAll();
    await this.#application.close();
    await this.#start();
    this.result.restarts += 1;
    await this.#checkAll();
  }

  #messagesOf(account: string): Messages {
    return this.#application.app.get(getMessagesToken(account === 'default' ? undefined : account), { strict: false });
  }

  /** Plans a message, and lets the application send it. */
  #begin(held?: Promise<void>): { send: TruthSend; arrived: Promise<void>; ended: Promise<void> } {
    const send = this.#traffic.nextSend();
    const { number, account, parts } = send;
    const body = `message ${number} `.padEnd(parts === 1 ? 20 : 153 * parts - 20, 'x');
    const arrived = new Promise<void>((resolve) => {
      const noteArrival = (): void => {
        send.to = Date.now();
        resolve();
      };
      this.#plans.set(body, { send, held, arrived: noteArrival });
    });
    const { src, dlr, reference } = send;
    const dests = send.recipients.map(({ dest }) => dest);
    const service: OurSmsService = this.#application.app.get(
      getOurSmsToken(account === 'default' ? undefined : account),
      { strict: false },
    );
    const ended = service.send({ src, dests, body, dlr }, { reference }).then(
      () => void (send.outcome = 'sent'),
      (error: unknown) => void (send.outcome = error instanceof OurSmsError ? error.outcome : 'unknown'),
    );
    this.result.sends += 1;
    return { send, arrived, ended };
  }

  async #answer(body: string): Promise<ScriptedAnswer> {
    const plan = this.#plans.get(body);
    if (plan === undefined) return { status: 400, json: { errorCode: 1, message: 'not planned' } };
    const { send, held, arrived } = plan;
    arrived();
    await held;
    if (send.fate === 'reset') return 'reset';
    if (send.fate === 'refused') return { status: 400, json: { errorCode: 6307, message: 'sender not allowed' } };
    return { json: answerTo(send) };
  }

  async #send(): Promise<void> {
    const { send, ended } = this.#begin();
    await ended;
    // Two sends never have the same time.
    await wait(2);
    this.#expectOutcome(send);
    await this.#check(send);
  }

  #expectOutcome(send: TruthSend): void {
    const { fate } = send;
    const expected = fate === 'reset' ? 'unknown' : fate === 'refused' ? 'notSent' : 'sent';
    if (send.outcome !== expected) this.#fault(`send ${send.number} ended as ${send.outcome}, not as ${expected}`);
  }

  /** Reports come while a message is in flight: of it, and of others. */
  async #early(): Promise<void> {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const { send, arrived, ended } = this.#begin(held);
    await arrived;
    await this.#check(send);
    const { fate } = send;
    const own = send.recipients
      .filter((one) => !one.isRejected && fate !== 'refused')
      .map((one) => this.#traffic.rowOf(one));
    const rows = [...(this.#random.next(4) > 0 ? own : []), ...this.#traffic.someRows(send.account)].slice(0, 6);
    const releasing = wait(this.#random.next(60)).then(release);
    await this.#report(rows, { send, until: Promise.all([releasing, ended]) });
    this.#expectOutcome(send);
    await this.#check(send);
  }

  /** Puts rows into the inbox, and compares what comes of them with what must. */
  async #report(rows: readonly AccountRow[], flight?: { send: TruthSend; until: Promise<unknown> }): Promise<void> {
    const from = this.#handled.length;
    const account = rows[0]?.account ?? 'default';
    this.#gateway.report(
      account,
      rows.map((row) => ({ ...row, account: undefined })),
    );
    await until('the reports are handled', () => this.#handled.length >= from + rows.length);
    await flight?.until;
    const events = this.#handled.slice(from);
    for (const row of rows) {
      const at = events.findIndex(({ raw }) => isDeepStrictEqual(raw, this.#asRead(row)));
      const [dlr] = events.splice(at, 1);
      if (at < 0 || dlr === undefined) return this.#fault(`a report came as no other did: ${JSON.stringify(row)}`);
      const expected = this.#expected(row, flight?.send);
      this.#judge(row, dlr, expected);
    }
    for (const send of new Set(this.#touched(rows))) await this.#check(send);
    await this.#checkStats(account);
  }

  #asRead(row: ReportRow): unknown {
    return JSON.parse(JSON.stringify({ ...row, account: undefined }));
  }

  *#touched(rows: readonly ReportRow[]): Iterable<TruthSend> {
    for (const { truth } of rows) if (truth >= 0) yield (this.#traffic.messages[truth] as TruthMessage).send;
  }

  /**
   * What may come of a report: one thing, or two.
   *
   * @param send Was in flight when it came: the answer may have been known or not.
   */
  #expected(row: AccountRow, send?: TruthSend): Expected[] {
    const messages = this.#traffic.messages.filter(({ send }) => send.account === row.account);
    const now = expectedMatch(row, { messages, byDest: this.#byDest, afterAnswers: true });
    if (!send) return [now];
    const known = send.outcome;
    send.outcome = undefined;
    const earlier = expectedMatch(row, { messages, byDest: this.#byDest, afterAnswers: false });
    send.outcome = known;
    // It is waited for the answer that brings the id.
    const isWaitedFor = earlier === undefined && now?.message.send === send && now.by !== 'dest' && row.dest;
    return isWaitedFor ? [now] : [now, earlier];
  }

  #judge(row: AccountRow, dlr: Dlr, expected: readonly Expected[]): void {
    const { matched, reference, sentAt = '' } = dlr;
    const truth = this.#traffic.messages[row.truth];
    const counts = this.#counts.get(row.account) as { msgId: number; job: number; dest: number; unmatched: number };
    const what = `${JSON.stringify(row)} of ${truth ? describe(truth) : 'nothing'}`;
    this.result.reports += 1;
    counts[matched ?? 'unmatched'] += 1;
    if (dlr.account !== row.account) this.#fault(`${what} came to ${dlr.account}`);
    if (!expected.some((one) => one?.by === matched)) {
      const said = expected.map((one) => (one ? `${one.by} ${describe(one.message)}` : 'nothing')).join(' or ');
      this.#fault(`${what} was matched by ${matched}, and must be by ${said}`);
    }
    if (matched === undefined) {
      this.result.unmatched += 1;
      if (truth) this.result.undecided += 1;
      return;
    }
    this.result.matched[matched] += 1;
    const at = Date.parse(sentAt);
    if (truth === undefined) return this.#fault(`WRONG: ${what} was matched by ${matched} with ${reference}`);
    const { send } = truth;
    if (reference !== send.reference || at < send.from || at > send.to) {
      return this.#fault(`WRONG: ${what} was matched by ${matched} with ${reference} of ${sentAt}`);
    }
    if (send.outcome === 'unknown' && truth.reports.length === 0) {
      this.#expectedConfirmed.push([send.account, reference, masked(truth.dest), sentAt].join(' '));
    }
    keep(truth, dlr);
  }

  /** Compares what is known of all that was sent under the reference of a send. */
  async #check({ account, reference }: TruthSend): Promise<void> {
    if (reference === undefined) return;
    const sends = this.#traffic.sends.filter((send) => {
      return send.account === account && send.reference === reference && !send.isForgotten;
    });
    const found = await this.#messagesOf(account).get(reference);
    const expected = sends.flatMap(({ recipients }) => recipients.map(described));
    const known = found?.recipients.map(({ dest, state, isFinal, reports, partsSeen }) => {
      return { dest, state, isFinal, partsSeen, reports: reports.map(({ status }) => status) };
    });
    if (isDeepStrictEqual(known ?? [], expected) && (found?.isFinal ?? true) === expected.every((one) => one.isFinal)) {
      return;
    }
    this.#fault(`${account} ${reference} is ${JSON.stringify(known)}, and must be ${JSON.stringify(expected)}`);
  }

  async #checkAll(): Promise<void> {
    for (const send of this.#traffic.sends) await this.#check(send);
    await until('events have come', () => this.#confirmed.length >= this.#expectedConfirmed.length, 500).catch(() => 0);
    if (!isDeepStrictEqual(this.#confirmed.toSorted(), this.#expectedConfirmed.toSorted())) {
      this.#fault(`confirmed are ${this.#confirmed.join()}, and must be ${this.#expectedConfirmed.join()}`);
    }
  }

  async #checkStats(account: string): Promise<void> {
    const { matched, unmatched, records } = await this.#messagesOf(account).stats();
    const counts = this.#counts.get(account);
    const sends = this.#traffic.sends.filter((send) => send.account === account).length;
    if (isDeepStrictEqual({ ...matched, unmatched }, counts) && records === sends) return;
    this.#fault(
      `stats are ${JSON.stringify({ ...matched, unmatched, records })}, and must be ${JSON.stringify({ ...counts, sends })}`,
    );
  }

  async #forget(): Promise<void> {
    const { account, reference } = this.#random.pick(this.#traffic.sends);
    if (reference === undefined) return;
    const sends = this.#traffic.sends.filter((send) => {
      return send.account === account && send.reference === reference && !send.isForgotten;
    });
    const wasThere = await this.#messagesOf(account).forget(reference);
    if (wasThere !== sends.length > 0) this.#fault(`forget said ${wasThere} of ${reference}`);
    for (const send of sends) {
      send.isForgotten = true;
      for (const one of send.recipients) one.reports = [];
    }
  }

  #fault(what: string): void {
    this.result.faults.push(`seed ${this.seed}: ${what}`);
  }
}

const masked = (dest: string): string => `${dest.slice(0, 4)}******${dest.slice(-2)}`;

function described(
  message: TruthMessage,
): Pick<TrackedRecipient, 'dest' | 'state' | 'isFinal' | 'partsSeen'> & { reports: string[] } {
  const state = stateOfTruth(message);
  const { dest, send, reports } = message;
  return {
    ...{ dest: masked(dest), state, isFinal: isFinalTruth(state, send.dlr) },
    partsSeen: new Set(reports.map(({ msgId }) => msgId)).size,
    reports: reports.map(({ status }) => status),
  };
}

const describe = ({ id, send, dest }: TruthMessage): string =>
  `message ${id} (${send.reference}, ${send.src}, to ${dest}, ${send.parts} parts, learnt ${send.learnt}, ${send.outcome}${send.isForgotten ? ', forgotten' : ''})`;

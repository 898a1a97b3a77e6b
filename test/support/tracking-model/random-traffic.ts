import { Seeded } from '../seeded.js';
import type { ReportRow } from './expected-match.js';
import type { Learnt, TruthMessage, TruthSend } from './tracked-truth.js';

/** The accounts of a run: they send to the same numbers. */
export const ACCOUNTS = ['default', 'second'] as const;

const NUMBERS = ['966501234567', '966501234568', '966551234567', '966561234569', '966591234560'];
const FATES = ['taken', 'taken', 'taken', 'taken', 'reset', 'refused', 'rejected'] as const;
const STATUSES = ['delivered', 'delivered', 'sent', 'undelivered', 'failed', 'expired', 'DELIVERED', 'queued'];

/** A row of a report, and the account whose inbox it is for. */
export type AccountRow = ReportRow & { account: string };

/** Random sends, the answers of the gateway to them, and reports of them and of others. The same for a seed. */
export class RandomTraffic {
  readonly sends: TruthSend[] = [];
  readonly messages: TruthMessage[] = [];
  readonly #random: Seeded;
  readonly #rows: AccountRow[] = [];
  readonly #partsHaveIds: boolean;
  readonly #zone: string;
  /** The ids that most answers tell. */
  readonly #usual: Learnt;
  #gatewayTime = Date.now();
  #strangers = 0;

  constructor(private readonly seed: number) {
    this.#random = new Seeded(seed);
    this.#partsHaveIds = this.#random.next(3) > 0;
    this.#zone = this.#random.pick(['', 'Z']);
    this.#usual = this.#random.pick(['msgId', 'jobId', 'nothing'] as const);
  }

  /** A new message to one recipient or more; with a reference, without, or with that of an earlier one. */
  nextSend(): TruthSend {
    const random = this.#random;
    const number = this.sends.length;
    const account = random.pick(ACCOUNTS);
    const parts = random.pick([1, 1, 1, 2, 3]);
    const send: TruthSend = {
      ...{
        number,
        account,
        parts,
        isForgotten: false,
        recipients: [],
        from: Date.now(),
        to: Infinity,
        fate: random.pick(FATES),
      },
      reference: random.next(6) === 0 ? undefined : `order ${random.next(4) === 0 ? random.next(number + 1) : number}`,
      src: random.next(4) === 0 ? 'Another' : 'MyBrand',
      dlr: random.next(10) > 0,
      jobId: `job${this.seed}-${number}`,
      learnt: random.next(3) > 0 ? this.#usual : random.pick(['msgId', 'jobId', 'nothing'] as const),
    };
    if (send.reference === undefined) send.dlr = true;
    const start = random.next(NUMBERS.length);
    const count = random.pick([1, 1, 1, 2, 3]);
    this.#gatewayTime += 1_000 * random.pick([1, 10, 70, 400]);
    for (let i = 0; i < count; i++) {
      const msgId = `m${this.seed}-${this.messages.length}`;
      const ids = Array.from({ length: parts }, (_, part) => (part === 0 ? msgId : `${msgId}.${part}`));
      const message: TruthMessage = {
        ...{ id: this.messages.length, send, msgId, isRejected: false, reports: [], sentAt: this.#gatewayTime },
        dest: NUMBERS[(start + i) % NUMBERS.length] as string,
        partIds: this.#partsHaveIds ? ids : [msgId],
      };
      send.recipients.push(message);
      this.messages.push(message);
    }
    this.sends.push(send);
    if (send.fate === 'rejected') for (const one of send.recipients) one.isRejected = random.next(2) === 0;
    return send;
  }

  /** Some rows of one account. */
  someRows(account: string = this.#random.pick(ACCOUNTS)): AccountRow[] {
    const random = this.#random;
    const own = this.messages.filter(({ send, isRejected }) => {
      return send.account === account && send.outcome !== 'notSent' && send.outcome !== undefined && !isRejected;
    });
    return Array.from({ length: 1 + random.next(4) }, () => {
      const again = this.#rows.filter((row) => row.account === account);
      if (again.length > 0 && random.next(8) === 0) return random.pick(again);
      if (own.length === 0 || random.next(8) === 0) return this.#strange(account, own);
      // Those of late more often.
      return this.rowOf(random.next(2) === 0 ? random.pick(own) : random.pick(own.slice(-4)));
    });
  }

  rowOf(message: TruthMessage): AccountRow {
    const random = this.#random;
    const part = random.next(message.partIds.length);
    const time = message.sentAt + 2_000 * part;
    const some = <T>(value: T, outOf = 4): T | undefined => (random.next(outOf) > 0 ? value : undefined);
    const row = {
      ...{ account: message.send.account, truth: message.id, status: random.pick(STATUSES) },
      msgId: some(message.partIds[part], 3),
      jobId: some(message.send.jobId, 2),
      dest: some(this.#spelled(message.dest), 8),
      src: some(random.pick([message.send.src, message.send.src.toUpperCase()])),
      msgDate: some(this.#date(time), 2),
      statusDate: this.#date(time + random.next(100_000)),
    };
    this.#rows.push(row);
    return row;
  }

  /** A report of what was not sent by this application. */
  #strange(account: string, own: readonly TruthMessage[]): AccountRow {
    const random = this.#random;
    const id = `x${this.seed}-${this.#strangers++}`;
    const row = { account, truth: -1, status: random.pick(STATUSES), statusDate: this.#date(this.#gatewayTime) };
    const [msgId, jobId, dest] = [`${id}m`, `${id}j`, random.pick(NUMBERS)];
    const known = own.length > 0 ? random.pick(own) : undefined;
    const others = NUMBERS.filter((number) => !known?.send.recipients.some((one) => one.dest === number));
    return random.pick([
      { ...row, msgId, jobId, dest: '966509999999' },
      { ...row, msgId, dest, src: 'Third' },
      { ...row, status: 'delivered' },
      // Long before there was anything.
      { ...row, dest, msgDate: '2020-01-31T12:00:00Z' },
      // The ids of a message with another recipient.
      known ? { ...row, msgId: known.msgId, jobId: known.send.jobId, dest: random.pick(others), src: 'Third' } : row,
    ]);
  }

  #spelled(number: string): string {
    return this.#random.pick([number, number, `+${number}`, `0${number.slice(3)}`]);
  }

  #date(time: number): string {
    return `${new Date(time).toISOString().slice(0, 19)}${this.#zone}`;
  }
}

/** The body of an answer to a send. */
export function answerTo({ learnt, jobId, recipients }: TruthSend): object {
  const accepted = recipients.filter(({ isRejected }) => !isRejected);
  const rejectedMsgs = recipients.filter(({ isRejected }) => isRejected).map(({ dest }) => ({ dest }));
  return {
    ...{ jobId: learnt === 'nothing' ? undefined : jobId, accepted: accepted.length, rejectedMsgs },
    acceptedMsgs: learnt === 'msgId' ? accepted.map(({ msgId, dest }) => ({ msgId, dest })) : undefined,
  };
}

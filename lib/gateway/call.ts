import type { SendMessageDto } from '../dto/send-message.dto.js';
import type { Operation, Outcome } from '../errors/oursms.error.js';
import { maskNumber } from '../message/mask-number.js';
import { credentialsOf, type GatewayAccount } from './account.js';
import { Redactor } from './redactor.js';

/** A checked message with normalised recipients. */
export type WireMessage = Omit<SendMessageDto, 'dests'> & { dests: string[] };

const NOTHING_CHANGED = { notSent: 'Nothing was changed.', unknown: 'Nothing was changed.' };

/** Consequence of a failed call, by its outcome. */
const CONSEQUENCES: Readonly<Record<Operation, Readonly<Record<Outcome, string>>>> = {
  send: {
    notSent: 'The message was not sent.',
    unknown:
      'The message may have been sent: if you repeat it as it is, it may be sent twice; with a prevDups that covers the minutes since then, the gateway refuses the duplicate.',
  },
  downloadDlrs: {
    notSent: 'No report was taken from the gateway.',
    unknown: 'The gateway may have deleted the reports of this download; up to "count" of them may be lost.',
  },
  getCredits: NOTHING_CHANGED,
  whoAmI: NOTHING_CHANGED,
  getSenders: NOTHING_CHANGED,
};

/** One call of the API: makes the texts of its errors, and hides what they must not show. */
export class Call {
  #redactor: Redactor | undefined;

  constructor(
    readonly operation: Operation,
    readonly account: GatewayAccount,
    private readonly message?: WireMessage,
  ) {}

  /** The message of an error: which call failed, why, the consequence, and what to do. */
  sentence(happened: string, outcome: Outcome, advice = ''): string {
    return `${this.#subject()}: ${happened}. ${CONSEQUENCES[this.operation][outcome]}${advice && ` ${advice}`}`;
  }

  /** The fields that every error of this call carries. */
  details(
    outcome: Outcome,
    transient: boolean,
  ): { outcome: Outcome; retryable: boolean; account: string; operation: Operation } {
    const harmless = this.operation !== 'send' || outcome === 'notSent';
    return { outcome, retryable: transient && harmless, account: this.account.name, operation: this.operation };
  }

  /** A text of the gateway or the application without secrets; undefined when nothing of it remains. */
  redact(text: string | undefined): string | undefined {
    if (text === undefined) return undefined;
    this.#redactor ??= this.#makeRedactor();
    return this.#redactor.redact(text) || undefined;
  }

  #makeRedactor(): Redactor {
    const { username, ...secret } = Object.fromEntries(credentialsOf(this.account.auth));
    const { body, dests: numbers } = this.message ?? {};
    return new Redactor({ secrets: Object.values(secret), username, body, numbers });
  }

  #subject(): string {
    const account = `account ${this.account.name}`;
    const [first, ...others] = this.message?.dests ?? [];
    if (first === undefined) return `${this.operation} (${account})`;
    return `send to ${maskNumber(first)}${others.length > 0 ? ` and ${others.length} more` : ''} (${account})`;
  }
}

import { Inject, Injectable, Optional } from '@nestjs/common';
import type { HttpService } from '@nestjs/axios';
import type { Credits } from '../dto/credits.js';
import type { Dlr } from '../dto/dlr.js';
import { DownloadDlrsDto } from '../dto/download-dlrs.dto.js';
import type { SendEstimate } from '../dto/send-estimate.js';
import type { MessageToSend } from '../dto/send-message.dto.js';
import type { SendReceipt } from '../dto/send-receipt.js';
import type { Senders } from '../dto/senders.js';
import type { WhoAmI } from '../dto/who-am-i.js';
import { OurSmsConfigError } from '../errors/oursms-config.error.js';
import { OurSmsValidationError } from '../errors/oursms-validation.error.js';
import type { GatewayClient } from '../gateway/gateway-client.js';
import type { Account } from './account.js';
import { ACCOUNT } from './internal-tokens.js';
import type { Outbox } from '../sending/outbox.js';
import type { SendOptions } from '../sending/send-options.js';
import type { Telemetry } from '../telemetry/telemetry.js';

/** The calls of the OurSMS gateway and the dry run of a send, for one account. */
@Injectable()
export class OurSmsService {
  readonly #gateway: GatewayClient;
  readonly #outbox: Outbox;
  readonly #telemetry: Telemetry;

  /** Nest makes it: inject it. @internal */
  constructor(@Optional() @Inject(ACCOUNT) account?: Account) {
    if (account === undefined) {
      throw new OurSmsConfigError(
        'OurSmsService is listed in the providers of one of your modules: remove it there, and import OurSmsModule.forRoot() or forRootAsync() instead.',
      );
    }
    this.#gateway = account.gateway;
    this.#outbox = account.outbox;
    this.#telemetry = account.telemetry;
  }

  /**
   * Sends one text to up to 500 recipients.
   *
   * The receipt says which messages the gateway accepted; delivery reports (`dlr: true`) say which ones arrived.
   *
   * @param message Every field is checked, typed or not; numbers may have any spelling that `normalizeNumber` reads.
   * @param options `method`: POST (default) or, without an API key, GET. `signal`: ends the call. `extra`: parameters that
   * the document does not have, sent as they are; with an API key for example `{ secure: true, transliteration: 'AUTO' }`.
   * `reference`: your name for the message, which its delivery reports bring back (`Dlr.reference`, `Messages`); it needs
   * `tracking` in the options.
   * @throws {OurSmsValidationError} before anything is sent
   * @throws {OurSmsStorageError} when the record of a tracked message cannot be stored: the message was not sent
   * @throws {OurSmsError} one of its other children; its `outcome` says whether the message may have been sent
   * @see OurSMS HTTP API, "1. Send Message"
   */
  async send(message: MessageToSend, options: SendOptions = {}): Promise<SendReceipt> {
    return this.#outbox.send(message, options ?? {});
  }

  /**
   * The dry run of {@link send}: checks and normalises a message in the same way, reads the credits, and sends nothing.
   *
   * @param message As `send` takes it.
   * @throws {OurSmsValidationError} for what `send` would refuse, before anything is requested
   * @throws {OurSmsError} one of its other children when the credits cannot be read, as `getCredits` does
   */
  async estimate(message: MessageToSend): Promise<SendEstimate> {
    return this.#outbox.estimate(message);
  }

  /**
   * Downloads delivery reports, **which deletes them at the gateway**: reports that you do not handle are lost. With
   * `dlr.poll` in the options the module downloads them for you, and this call would take reports away from the poller.
   *
   * @param query `count`: 1 to 500 reports; unset, the gateway's default of 100.
   * @throws {OurSmsValidationError} before anything is requested
   * @throws {OurSmsResponseError} for an answer that cannot be read; its `rawBody()` has the answer
   * @throws {OurSmsError} one of its other children; `outcome` `unknown` means that reports may have been deleted
   * @see OurSMS HTTP API, "2. Download Dlrs"
   */
  async downloadDlrs(query: DownloadDlrsDto = {}): Promise<Dlr[]> {
    const { checkShape } = await import('../dto/check-shape.js');
    const { value, faults } = checkShape(DownloadDlrsDto, query ?? {});
    if (faults.length > 0) throw new OurSmsValidationError('downloadDlrs', this.#gateway.accountName, faults);
    const span = this.#telemetry.startReceive('call');
    try {
      const dlrs = await this.#gateway.readDlrs(await this.#gateway.downloadDlrs(value.count ?? undefined));
      span.end(dlrs.length);
      this.#telemetry.consumed('call', dlrs.length);
      return dlrs;
    } catch (error) {
      span.fail(error);
      throw error;
    }
  }

  /**
   * Reads the remaining credits.
   *
   * @throws {OurSmsError} one of its children
   * @see OurSMS HTTP API, "3. Get Credits Balance"
   */
  async getCredits(): Promise<Credits> {
    return this.#gateway.getCredits();
  }

  /**
   * Reads the user that the API key belongs to: a check of the key without side effects.
   *
   * @throws {OurSmsConfigError} for an account with a password or a token, whose API has no such call
   * @throws {OurSmsGatewayError} of `kind` `auth` when the key is refused
   * @throws {OurSmsError} one of its other children
   */
  async whoAmI(): Promise<WhoAmI> {
    return this.#gateway.whoAmI();
  }

  /**
   * Reads the senders that the account may use as `src`. The provider documents no shape of the answer: what cannot be read
   * is in `raw`.
   *
   * @throws {OurSmsConfigError} for an account with a password or a token, whose API has no such call
   * @throws {OurSmsError} one of its other children
   */
  async getSenders(): Promise<Senders> {
    return this.#gateway.getSenders();
  }

  /**
   * The account's `HttpService`, to put interceptors on its `axiosRef`. Interceptors see requests with credentials and
   * texts: do not log them.
   */
  get httpService(): HttpService {
    return this.#gateway.httpService;
  }
}

import { Logger } from '@nestjs/common';
import type { SendEstimate } from '../dto/send-estimate.js';
import type { MessageToSend } from '../dto/send-message.dto.js';
import type { SendReceipt } from '../dto/send-receipt.js';
import type { GatewayClient, WireOptions } from '../gateway/gateway-client.js';
import { adviseMessage } from '../message/advise-message.js';
import { describeText } from '../message/describe-text.js';
import { checkSendOptions } from './check-send-options.js';
import { keepQuietHours } from './keep-quiet-hours.js';
import { prepareMessage, type MessagePolicy } from './prepare-message.js';
import type { RateLimiter } from './rate-limiter.js';
import type { Attempt, Retries } from './retries.js';

/** What happens to a message of an account before the wire. */
export class Outbox {
  readonly #logger = new Logger('OurSmsOutbox');

  constructor(
    private readonly gateway: GatewayClient,
    private readonly policy: MessagePolicy,
    private readonly retries: Retries,
    private readonly limiter: RateLimiter,
  ) {}

  /** Checks a message and sends it, again if that cannot double it. */
  async send(message: MessageToSend, options: WireOptions): Promise<SendReceipt> {
    const { skipped, ...wire } = prepareMessage(message, this.policy);
    checkSendOptions(options, this.policy.account);
    const { message: quieted, heldMinutes, warning } = keepQuietHours(wire, this.policy, new Date());
    if (warning !== undefined) this.#logger.warn(warning);
    const attempt: Attempt = (onTurn) =>
      this.limiter.run('urgent', () => this.gateway.send(onTurn(), skipped, options), options.signal);
    const receipt = await this.retries.send(quieted, attempt, { signal: options.signal });
    return heldMinutes === undefined ? receipt : { ...receipt, heldMinutes };
  }

  /** Checks a message in the same way, and tells what sending it would take. */
  async estimate(message: MessageToSend): Promise<SendEstimate> {
    const now = new Date();
    const { skipped, ...wire } = prepareMessage(message, this.policy);
    const { message: quieted, heldMinutes } = keepQuietHours(wire, this.policy, now);
    const text = describeText(quieted.body);
    const recipients = quieted.dests.length;
    const parts = recipients * text.parts;
    const advice = adviseMessage(quieted, { quietHours: this.policy.quietHours, now });
    const { credits } = await this.gateway.getCredits();
    const estimate = { recipients, skipped, text, parts, credits, sufficient: credits >= parts, advice };
    return heldMinutes === undefined ? estimate : { ...estimate, heldMinutes };
  }
}

import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { checkShape } from '../dto/check-shape.js';
import { oneLine } from '../errors/one-line.js';
import { describeFaults, OurSmsConfigError } from '../errors/oursms-config.error.js';
import type { AccountHealth } from '../module/account-health.js';
import { DEFAULT_ACCOUNT, getHealthToken } from '../module/internal-tokens.js';
import type { HealthData } from './health-data.js';
import { gatherFacts, messagesOf, reportsOf, type HealthFacts } from './health-facts.js';
import { judgeHealth } from './judge-health.js';
import { OurSmsHealthOptions } from './oursms-health.options.js';

/**
 * Reports the health of an account to Terminus. List it in the `providers` of the module of your health controller, which imports
 * `TerminusModule`.
 *
 * It downloads no reports. Its answer has no credentials, no text of the gateway, and no balance unless you set `showCredits`. Use
 * it for readiness, never for liveness: a restart fixes nothing that it reports.
 *
 * @example
 * this.health.check([() => this.oursms.isHealthy('sms', { minCredits: 500, maxOldestMs: 600_000 })]);
 */
@Injectable()
export class OurSmsHealthIndicator {
  constructor(
    @Inject(HealthIndicatorService) private readonly terminus: HealthIndicatorService,
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
  ) {}

  /**
   * Checks an account: `up`, `degraded` (under Terminus 11 `up` with `degraded: true`) or `down`, with its {@link HealthData}.
   *
   * @param key Key of the account in the answer.
   * @param options The account, its limits, and the timeout of the check.
   * @throws {OurSmsConfigError} when the account is not registered, or an option is invalid
   */
  async isHealthy<const Key extends string>(
    key: Key,
    options: OurSmsHealthOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const checked = checkOptions(options);
    const account = this.#account(checked.account ?? DEFAULT_ACCOUNT);
    const facts = await gatherFacts(account, checked);
    const { status, reasons } = judgeHealth(facts, checked);
    const data: HealthData = { reasons, ...shownFacts(facts, checked.showCredits) };
    const session = this.terminus.check(key);
    if (status === 'up') return session.up(data);
    if (status === 'down') return session.down(data);
    if ('degraded' in session) return session.degraded(data);
    return this.terminus.check(key).up({ ...data, degraded: true });
  }

  #account(name: string): AccountHealth {
    try {
      return this.moduleRef.get<AccountHealth>(getHealthToken(name), { strict: false });
    } catch {
      const which = name === DEFAULT_ACCOUNT ? 'without a name' : `with the account ${oneLine(name)}`;
      throw new OurSmsConfigError(
        `OurSmsHealthIndicator: no OurSmsModule is registered ${which}. Set account of isHealthy() to the name of one that is.`,
      );
    }
  }
}

function checkOptions(options: OurSmsHealthOptions): Required<OurSmsHealthOptions> {
  const { value, faults } = checkShape(OurSmsHealthOptions, options ?? {});
  if (faults.length === 0) return value as Required<OurSmsHealthOptions>;
  throw new OurSmsConfigError(`OurSmsHealthIndicator: ${describeFaults(faults)}.`, faults);
}

function shownFacts(facts: HealthFacts, showCredits: boolean): Omit<HealthData, 'reasons'> {
  const { credits } = facts;
  const messages = messagesOf(facts);
  const shown = { ...(messages && { messages }), ...(showCredits && typeof credits === 'number' && { credits }) };
  const reports = reportsOf(facts);
  if (reports === undefined) return shown;
  const { waiting, failed, unreadable, gaps, oldestMs } = reports.stats;
  const sinceGoodPollMs = reports.polling && Math.round(reports.polling.sinceGoodMs);
  return { reports: { waiting, failed, unreadable, gaps, oldestMs, sinceGoodPollMs }, ...shown };
}

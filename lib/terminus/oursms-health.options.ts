import { IsWholeNumber } from '../dto/field-rules.js';
import { IsBoolean, IsOptional, IsString, ValidateBy } from '../dto/validation-rules.js';

/** Limits of a health check, and how long it may take. Each field's initial value is its default. */
export class OurSmsHealthOptions {
  /** The `name` that the account was registered with. Unset: the unnamed account. */
  @IsOptional()
  @IsString({ message: '$property must be a string' })
  account?: string;

  /** Credits at which, or under which, the account is degraded: `creditsLow`. Unset: no limit. */
  @IsOptional()
  @IsCreditLimit()
  minCredits?: number;

  /** Milliseconds after which a report that is not handled yet makes the account degraded: `reportsWaiting`. Unset: no limit. */
  @IsOptional()
  @IsWholeNumber(1)
  maxOldestMs?: number;

  /** Messages that may go missing within an hour; more make the account degraded: `messagesMissing`. Needs `tracking`. */
  @IsWholeNumber(0)
  maxMissing?: number = 0;

  /** Milliseconds for the whole answer. What is not known by then counts as failing. The probe that asks must wait longer. */
  @IsWholeNumber(10, 600_000)
  timeoutMs?: number = 3_000;

  /** Milliseconds for which the gateway is not asked again, however often the account is checked. */
  @IsWholeNumber(1)
  cacheMs?: number = 60_000;

  /** Whether the answer shows the balance: anyone who can read the answer sees it. */
  @IsBoolean({ message: '$property must be true or false' })
  showCredits?: boolean = false;
}

/** Checks that a number is 0 or more: credits may be decimal. */
function IsCreditLimit(): PropertyDecorator {
  return ValidateBy({
    name: 'isCreditLimit',
    validator: {
      validate: (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
      defaultMessage: () => '$property must be a number of 0 or more',
    },
  });
}

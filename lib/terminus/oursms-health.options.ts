import { IsWholeNumber } from '../dto/field-rules.js';
import { ValidateWith } from '../dto/validate-with.js';
import { IsBoolean, IsOptional, IsString } from '../dto/validation-rules.js';

/** Limits and timeout of a health check. Each field's initial value is its default. */
export class OurSmsHealthOptions {
  /** The `name` that the account was registered with. Unset: the unnamed account. */
  @IsOptional()
  @IsString({ message: '$property must be a string' })
  account?: string;

  /** With this number of credits or fewer, the account is degraded: `creditsLow`. Unset: no limit. */
  @IsOptional()
  @IsCreditLimit()
  minCredits?: number;

  /** Milliseconds after which an unhandled report makes the account degraded: `reportsWaiting`. Unset: no limit. */
  @IsOptional()
  @IsWholeNumber(1)
  maxOldestMs?: number;

  /** Messages that may go missing within an hour; more make the account degraded: `messagesMissing`. Needs `tracking`. */
  @IsWholeNumber(0)
  maxMissing?: number = 0;

  /** Milliseconds for the whole answer. A fact that is not known by then counts as failed. Give the probe a longer timeout. */
  @IsWholeNumber(10, 600_000)
  timeoutMs?: number = 3_000;

  /** Shortest time in milliseconds between two requests to the gateway, however often the account is checked. */
  @IsWholeNumber(1)
  cacheMs?: number = 60_000;

  /** Whether the answer shows the balance to every client of the endpoint. */
  @IsBoolean({ message: '$property must be true or false' })
  showCredits?: boolean = false;
}

/** Checks that a number is 0 or more: credits may be decimal. */
function IsCreditLimit(): PropertyDecorator {
  return ValidateWith('isCreditLimit', (value) =>
    typeof value === 'number' && Number.isFinite(value) && value >= 0 ? undefined : 'must be a number of 0 or more',
  );
}

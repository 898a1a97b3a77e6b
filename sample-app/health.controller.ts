import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { OurSmsHealthIndicator } from 'nestjs-oursms/terminus';

/** Credits at which someone should top up the account. */
const MIN_CREDITS = 500;
/** A report that is not handled within ten minutes waits for something that is broken. */
const MAX_OLDEST_MS = 10 * 60_000;

/** Says whether the application should get requests. For readiness: a restart would mend nothing. */
@ApiTags('status')
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly oursms: OurSmsHealthIndicator,
  ) {}

  @ApiOperation({ summary: 'Whether the application should get requests, and what is wrong: for a readiness probe' })
  @Get()
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check([
      () => this.oursms.isHealthy('oursms', { minCredits: MIN_CREDITS, maxOldestMs: MAX_OLDEST_MS }),
    ]);
  }
}

import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { LAST_HOUR_SCHEMA } from './last-hour-schema.js';
import { LastHour, type LastHourView } from './last-hour.js';

/** Says how well messages were delivered lately. */
@ApiTags('reports')
@Controller('deliveries')
export class DeliveriesController {
  constructor(private readonly hour: LastHour) {}

  @ApiOperation({ summary: 'Messages of the last hour that asked for reports, and how long their delivery took' })
  @ApiOkResponse({ schema: LAST_HOUR_SCHEMA })
  @Get('last-hour')
  lastHour(): Promise<LastHourView> {
    return this.hour.view();
  }
}
